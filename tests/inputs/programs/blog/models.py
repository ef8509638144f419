"""Posts of authors."""

from django.db import models


class Author(models.Model):  # type: ignore[misc]  # Django has no types
    name = models.CharField(max_length=50)

    def __str__(self) -> str:
        return str(self.name)


class Post(models.Model):  # type: ignore[misc]
    title = models.CharField(max_length=50)
    author = models.ForeignKey(Author, on_delete=models.CASCADE)

    def __str__(self) -> str:
        return str(self.title)
