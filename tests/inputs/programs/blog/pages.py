"""The pages, and their tests."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from blog.models import Author, Post  # type: ignore[import-not-found]  # found where the suite runs

POSTS = 8


def show_all(_: HttpRequest) -> HttpResponse:
    return HttpResponse(";".join(f"{post.title} by {post.author.name}" for post in Post.objects.order_by("pk")))


def show_one(_: HttpRequest, pk: int) -> HttpResponse:
    title = Post.objects.get(pk=pk).title
    return HttpResponse(f"{title}: {Post.objects.get(pk=pk).title}")


def rename(_: HttpRequest, pk: int) -> HttpResponse:
    before = Author.objects.get(pk=pk).name
    Author.objects.filter(pk=pk).update(name="new")
    return HttpResponse(f"{before} is {Author.objects.get(pk=pk).name}")


urlpatterns = [path("posts", show_all), path("posts/<int:pk>", show_one), path("authors/<int:pk>", rename)]


@pytest.fixture
def posts(db: None) -> list[Post]:  # noqa: ARG001 - a database is there
    authors = Author.objects.bulk_create(Author(name=f"A{n}") for n in range(1, POSTS + 1))
    return list(
        Post.objects.bulk_create(Post(title=f"T{n}", author=author) for n, author in enumerate(authors, start=1))
    )


@pytest.mark.usefixtures("posts")
def test_all_posts_name_their_authors(client: Client) -> None:
    assert client.get("/posts").content.endswith(b"T8 by A8")


def test_a_post_is_shown(client: Client, posts: list[Post]) -> None:
    assert client.get(f"/posts/{posts[2].pk}").content == b"T3: T3"


def test_an_author_is_renamed(client: Client, posts: list[Post]) -> None:
    assert client.get(f"/authors/{posts[4].author.pk}").content == b"A5 is new"
