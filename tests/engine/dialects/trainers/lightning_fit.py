"""Lightning on one linear layer, with its bars by tqdm or Rich and its CSV logger."""

from __future__ import annotations

import sys

import lightning
import torch
from lightning.pytorch.callbacks import RichProgressBar, TQDMProgressBar
from lightning.pytorch.loggers import CSVLogger


class Line(lightning.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def _loss(self, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        return torch.nn.functional.mse_loss(self.layer(batch[0]), batch[1])

    def training_step(self, batch: tuple[torch.Tensor, torch.Tensor], at: int) -> torch.Tensor:
        loss = self._loss(batch)
        self.log("train_loss", loss, prog_bar=True)
        return loss

    def validation_step(self, batch: tuple[torch.Tensor, torch.Tensor], at: int) -> None:
        self.log("val_loss", self._loss(batch), prog_bar=True)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.05)


def main(out: str, rich: bool) -> None:
    torch.manual_seed(0)
    x = torch.randn(64, 4)
    data = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(x, x.sum(1, keepdim=True)), batch_size=8
    )
    bar = RichProgressBar() if rich else TQDMProgressBar()
    trainer = lightning.Trainer(
        max_epochs=3,
        logger=CSVLogger(out),
        log_every_n_steps=2,
        callbacks=[bar],
        accelerator="cpu",
        enable_model_summary=False,
    )
    trainer.fit(Line(), data, data)


if __name__ == "__main__":
    main(sys.argv[1], "--rich" in sys.argv)
