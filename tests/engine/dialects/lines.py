"""Lines as trainers print them: from the fixtures, from programs that were run here, from format strings in sources."""

from __future__ import annotations

import math

Values = dict[str, float]
Told = tuple[str, str, int | None, Values]
"""line, dialect that reads it, step, some of its values"""

LINES: list[Told] = [
    ("step 10 loss 2.31", "keyvalue", 10, {"loss": 2.31}),
    ("step=10, loss=2.31e-1 lr=3e-4", "keyvalue", 10, {"loss": 0.231, "learning_rate": 3e-4}),
    ("Step 10: loss = 1.523", "keyvalue", 10, {"loss": 1.523}),
    ("iter 40: loss 3.1200, time 12.50ms, mfu 31.20%", "nanogpt", 40, {"loss": 3.12, "step_ms": 12.5, "mfu": 31.2}),
    ("step 0: train loss 10.5, val loss 10.6", "nanogpt", 0, {"eval_train_loss": 10.5, "eval_loss": 10.6}),
    ("2026-11-20 15:59:17,345 - INFO - iter 10: loss 10.3095, time 2701.01ms, mfu 0.00%", "nanogpt", 10,
     {"loss": 10.3095, "mfu": 0.0}),
    ("Epoch 1 | iter 16 step 4 | loss train: 2.345, val: n/a | iter time: 123.45 ms (step) remaining time: 0:12:34",
     "nanogpt", 4, {"loss": 2.345, "step_ms": 123.45}),
    ("step 00004/21400 (0.02%) | loss: 8.893647 | lrm: 1.00 | dt: 989.44ms | tok/sec: 529,882 | bf16_mfu: 74.13 |"
     " epoch: 1 | total time: 0.00m | eta: 352.1m", "nanochat", 4,
     {"loss": 8.893647, "step_ms": 989.44, "tokens_per_s": 529882.0, "mfu": 74.13}),
    ("Step 00250 | Validation bpb: 0.912345", "nanochat", 250, {"eval_bpb": 0.912345}),
    ("step:499/5100 train_loss:4.0187 train_time:69170ms step_avg:141.45ms", "keyvalue", 499, {"loss": 4.0187}),
    ("step:5100/5100 val_loss:3.2755 train_time:721882ms step_avg:141.82ms", "keyvalue", 5100, {"eval_loss": 3.2755}),
    ("s:20 trl:9.5621 lr:0.000018 norm:2.15", "llmc", 20,
     {"loss": 9.5621, "learning_rate": 0.000018, "grad_norm": 2.15}),
    ("s:0 tel:11.0092", "llmc", 0, {"eval_loss": 11.0092}),
    ("Epoch 3/100: train_loss=-1.2, val_loss=nan", "keyvalue", 3, {"loss": -1.2, "eval_loss": math.nan}),
    ("Epoch   1/100: train_loss=8.5065, val_loss=17.6855, span_F1=0.000, span_P=0.000, span_R=0.000, time=6.3s",
     "keyvalue", 1, {"loss": 8.5065, "eval_loss": 17.6855, "span_f1": 0.0}),
    ("Epoch 100/100: train_loss=2.5, val_loss=8.2, span_F1=0.15, P=0.12, R=0.20", "keyvalue", 100, {"loss": 2.5}),
    ("\x1b[32mstep\x1b[0m 7 \x1b[1mloss\x1b[0m 0.5", "keyvalue", 7, {"loss": 0.5}),
    ("step:200 smpl:2K ep:3 epch:0.06 loss:2.806 grdn:14.267 lr:1.0e-05", "keyvalue", 200,
     {"loss": 2.806, "grad_norm": 14.267, "learning_rate": 1e-5}),
    ("{'loss': 2.5, 'grad_norm': 1.5, 'learning_rate': 5e-05, 'epoch': 0.5}", "hf", 1,
     {"loss": 2.5, "grad_norm": 1.5, "learning_rate": 5e-05}),
    ("{'loss': '3.896', 'grad_norm': 'nan', 'epoch': '0.5'}", "hf", 1, {"loss": 3.896, "grad_norm": math.nan}),
    ("{'loss': inf, 'grad_norm': -inf, 'learning_rate': None, 'epoch': 1.0}", "hf", 1,
     {"loss": math.inf, "grad_norm": -math.inf}),
    ("{'eval_loss': '2.1', 'eval_runtime': '1.5'}", "hf", None, {"eval_loss": 2.1, "eval_runtime": 1.5}),
    ("{'loss': 0.6, 'ppl': 1.8, 'memory/max_active (GiB)': 12.1, 'tokens/train_per_sec_per_gpu': 33.2, 'epoch': 1.0}",
     "hf", 1, {"loss": 0.6, "perplexity": 1.8, "memory/max_active (GiB)": 12.1}),
    ("{'loss': 1.2345, 'learning_rate': 2.0000e-04, 'epoch': 0.03, 'throughput': 4321.50}", "hf", 1,
     {"loss": 1.2345, "learning_rate": 2e-4, "throughput": 4321.5}),
    ("100%|██████████| 850/850 [1:41:01<00:00,  4.69s/it]{'eval_loss': 0.5, 'epoch': 3.0}", "hf", 850,
     {"eval_loss": 0.5}),
    ('{"step": 3, "train/loss": 2.0, "note": "x"}', "jsonlines", 3, {"loss": 2.0}),
    ('{"current_steps": 5, "total_steps": 93, "loss": 5.7013, "lr": 1e-06, "epoch": 0.16, "percentage": 5.38,'
     ' "elapsed_time": "0:02:03", "throughput": 13061.0, "total_tokens": 1614784}', "jsonlines", 5,
     {"loss": 5.7013, "learning_rate": 1e-6, "throughput": 13061.0}),
    (" [2026-08-01 12:00:00.123456] iteration      100/  500000 | consumed samples:        25600 | elapsed time per"
     " iteration (ms): 4320.1 | learning rate: 3.320000E-05 | global batch size:   256 | lm loss: 1.104719E+01 |"
     " loss scale: 65536.0 | grad norm: 3.903 | number of skipped iterations:  17 |", "megatron", 100,
     {"loss": 11.04719, "learning_rate": 3.32e-5, "grad_norm": 3.903, "step_ms": 4320.1}),
    (" validation loss at iteration 1000 | lm loss value: 2.512E+00 | lm loss PPL: 1.233E+01 |", "megatron", 1000,
     {"eval_loss": 2.512}),
    ("[2023-08-08 14:29:00,841] [INFO] [logging.py:96:log_dist] [Rank 0] step=1, skipped=0, lr=[1.5e-07, 1.5e-07],"
     " mom=[(0.9, 0.95), (0.9, 0.95)]", "deepspeed", 1, {"learning_rate": 1.5e-7}),
    ("epoch=0/micro_step=20/global_step=10, RunningAvgSamplesPerSec=47.4, CurrSamplesPerSec=48.1", "deepspeed", 10,
     {"samples_per_s": 47.4}),
    ("10/30 22:18:02 - mmengine - INFO - Epoch(train) [2][200/735]  lr: 1.9870e-04  eta: 2:46:39  time: 2.8906"
     "  data_time: 0.01  memory: 10762  loss: 2.7522  grad_norm: 3.0608", "mmengine", 935,
     {"loss": 2.7522, "grad_norm": 3.0608, "learning_rate": 1.987e-4}),
    ("1|5|Loss: 1.7691251039505005: 100%|████| 5/5 [00:01<00:00,  2.80it/s]", "torchtune", 5,
     {"loss": 1.7691251039505005}),
    ("Step 5 | loss:1.769 lr:0.0003 tokens_per_second_per_gpu:3083.1 peak_memory_active:16.2 ", "torchtune", 5,
     {"loss": 1.769, "learning_rate": 0.0003, "tokens_per_s": 3083.1}),
    ("Epoch 0:  50%|█████     | 16/32 [00:01<00:01, 12.34it/s, v_num=0, train_loss=0.123]", "lightning", 16,
     {"loss": 0.123}),
    ("Epoch 1/1  ━━━━━━━━━━━━━━━━━ 8/8 0:00:00 • 0:00:00 807.65it/s v_num: 0.000 train_loss: 0.5", "lightning", 16,
     {"loss": 0.5}),
    ("120/120 [==============================] - 5s 41ms/step - loss: 0.31 - val_loss: 0.35", "keras", 120,
     {"loss": 0.31, "eval_loss": 0.35}),
    ("\x1b[1m120/120\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m\x1b[37m\x1b[0m \x1b[1m5s\x1b[0m 41ms/step"
     " - accuracy: 0.9 - loss: 0.31", "keras", 120, {"loss": 0.31, "accuracy": 0.9}),
    (" 45%|████ | 450/1000 [00:10<00:12, 44.1it/s, loss=0.512]", "tqdm", 450, {"loss": 0.512}),
    ("450it [00:10, 44.1it/s, loss=0.5]", "tqdm", 450, {"loss": 0.5}),
    ("Final loss: 10.1175", "keyvalue", None, {"mean_loss": 10.1175}),
    ("val loss 3.1 grad norm 2.0 learning rate 1e-4", "keyvalue", None,
     {"eval_loss": 3.1, "grad_norm": 2.0, "learning_rate": 1e-4}),
]  # fmt: skip

NOTHING = [
    "listening on port: 8080",
    "loaded 500 of 1000 rows",
    "2026-11-20 12:00:00 INFO starting",
    '{"port": 80}',
    "",
    "loss",
    "loss is going down",
    "Dataset prepared: 389 examples",
    "Loaded 389 training pairs",
    "Train: 168 samples, Val: 42 samples",
    "trainable params: 550,502,400 || all params: 15,000,000,000 || trainable%: 3.59",
    "2026-11-20 15:58:48,111 - INFO - Model initialized with 2,018,624 parameters",
    "num decayed parameter tensors: 50, with 108,761,088 parameters",
    "Best validation loss: 11.0500",
    "Total time: 12.3 minutes",
    "Total Examples: 12,854",
    "  easy: 3,000 (23.3%)",
    "Loading weights: 100%|██████████| 28/28 [00:00<00:00, 9000.00it/s]",
    "Writing model shards: 100%|██████████| 1/1 [00:00<00:00, 1089.71it/s]",
    "Tokenizing train dataset: 100%|██████████| 64/64 [00:00<00:00, 1185.47 examples/s]",
    "Validation DataLoader 0:  50%|█████     | 4/8 [00:00<00:00, 28.80it/s]\x1b[A",
    " 50%|█████     | 2/4 [00:00<00:00,  9.58it/s]\x1b[A",
    "Removed 5616 duplicates (5.2%)",
    "wandb:     train/mfu ▃▄▇▇█",
]
"""Lines that tell nothing about the training, however much they look like it."""
