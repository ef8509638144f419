"""In the words of redis-py."""

from tracereport.documents.advice.words import Words as Plain


class Words(Plain):
    """Commands by redis-py."""

    def load_first(self) -> str:
        at_once = "mget(keys)" if self._gets else "pipeline()"
        return f"Ask for all {self.varying}s of one {self.parent} at once: `{at_once}`, {self.instead}."

    def load_fix(self) -> str:
        return (
            "`mget` and `hmget` ask for many keys or fields with one command; a `pipeline()` sends any commands in one "
            "round trip."
        )

    def load_sketch(self) -> list[str]:
        pipeline = [
            "+    with client.pipeline(transaction=False) as pipeline:",
            "+        for each key:",
            "+            pipeline.…(key)",
            "+        answers = dict(zip(keys, pipeline.execute()))",
        ]
        return [
            self.in_caller,
            *(["+    answers = dict(zip(keys, client.mget(keys)))"] if self._gets else pipeline),
            "     for each key:",
            "-        answer = client.…(key)",
            "+        answer = answers[key]",
        ]

    def rows_first(self) -> str:
        return f"Send all commands of one {self.parent} at once, in a `pipeline()`, {self.instead}."

    def rows_fix(self) -> str:
        return "`mset` writes many keys with one command; a `pipeline()` sends any commands in one round trip."

    def rows_sketch(self) -> list[str]:
        return [
            self.in_caller,
            "+    with client.pipeline(transaction=False) as pipeline:",
            "     for each key:",
            "-        client.…(key, value)",
            "+        pipeline.…(key, value)",
            "+    pipeline.execute()",
        ]

    @property
    def _gets(self) -> bool:
        return self.finding.function == "get redis"
