"""How the tests of the merchant's rooms sign in, read and send files."""

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

LISTS = ["products", "plans", "coupons", "imports", "settings"]


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def url(name, *args):
    return reverse(f"merchants:{name}", args=args)


def said(response):
    return [str(message) for message in response.context["messages"]]


def upload(text, name="products.csv"):
    return SimpleUploadedFile(name, text.encode(), "text/csv")
