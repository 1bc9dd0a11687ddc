from django.utils.crypto import salted_hmac

from alliance.kernel.hashing import keyed


def test_a_keyed_hash_is_what_django_makes_of_it(settings):
    for secret in ("one" * 20, "two" * 20):
        settings.SECRET_KEY = secret
        assert keyed("salt", "茶") == salted_hmac("salt", "茶", algorithm="sha256").digest()
