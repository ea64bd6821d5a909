"""What the GPUs say, asked in a child process so that one that hangs takes nothing else with it.

`gpus` (the runner's side) orders readings from `probe` (the child), which asks `library` (NVML
through ctypes) or, where there is none, `smi` (the nvidia-smi command). `words` names errors;
`reading` is the value.

A child instead of a thread: a thread that is stuck in the driver keeps a killed runner from dying
and so its locks from being released; a library that crashes would take the runner along; and only
a new process loads a driver's library again after an update. The child (`probe`, `library`,
`smi`, `words`) imports as little as it can, because it lives as long as the runner: no json, no
dataclasses, no typing.
"""
