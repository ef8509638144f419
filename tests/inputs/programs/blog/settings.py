"""The server is the one that the environment names."""

import os

SECRET_KEY = "of a test"  # noqa: S105 - it keeps nothing secret
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "blog"]
ROOT_URLCONF = "blog.pages"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "postgres",
        "USER": "shop",
        "HOST": "127.0.0.1",
        "PORT": os.environ["PGPORT"],
    }
}
