"""An output that a page cannot show."""


class NotShown(Exception):  # noqa: N818  (an output that is not shown, not a kind of error)
    """Its text says what the output holds and what to do, and repeats no value of a record.

    cell: the place of the cell in the notebook that ran, counted from 0, once it is known.
    """

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.cell: int | None = None
