"""Tokens: what proves who somebody is, and every known way to pretend it, by its name."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from runtime.domain.identity import Identity, Kind, Right, Role
from runtime.embedded.issuer import AUDIENCE, signer
from runtime.services.issuer_keys import IssuerKeys
from runtime.services.tokens import LONGEST_TOKEN, InvalidTokenError, Tokens
from runtime.settings import Access
from tests.identity import SECONDS, MemoryKeys, access, issuer

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.anyio
NOW = int(time.time())
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
RSA_KEYS = {"keys": [RSA.as_dict(private=False) | {"use": "sig", "alg": "RS256"}]}
OTHER = signer("https://other.bank.example")


def tokens(keys: MemoryKeys | None = None, **members: Any) -> Tokens:
    """The verifier of the session's issuer, or of one with other members."""
    document = access()
    document["issuers"][0] |= members
    settings = Access.model_validate_json(json.dumps(document))
    source = keys or MemoryKeys()
    return Tokens(settings, {"local": IssuerKeys(settings.issuers[0], source, settings.keys, lambda: None)})


def claims(**changed: Any) -> dict[str, Any]:
    """The claims of a good token, with some changed, or removed where they are None."""
    stated = {"iss": issuer().issuer, "aud": AUDIENCE, "sub": "alice", "iat": NOW, "exp": NOW + SECONDS, **changed}
    return {name: value for name, value in stated.items() if value is not None}


def signed(header: dict[str, Any] | None = None, key: Any = None, **changed: Any) -> str:
    """A token that the session's key signs, with members of its header and claims changed."""
    used = key or issuer().key
    head = {"alg": "ES256", "typ": "JWT", "kid": used.kid, **(header or {})}
    head = {name: value for name, value in head.items() if value is not None}
    registry = jws.JWSRegistry(algorithms=[head["alg"]], strict_check_header=False)
    registry.check_header = lambda header: None  # type: ignore[method-assign]  # an attacker checks nothing
    return jws.serialize_compact(head, json.dumps(claims(**changed)), used, registry=registry)


def assembled(header: dict[str, Any] | str, payload: dict[str, Any] | str, signature: bytes = b"\1" * 64) -> str:
    """A token of any parts."""
    texts = [part if isinstance(part, str) else json.dumps(part) for part in (header, payload)]
    return ".".join(
        base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (*map(str.encode, texts), signature)
    )


def resigned(text: str, payload: str | None = None, head: str | None = None) -> str:
    """A token with a part replaced by raw text, signed over it by the session's key."""
    header, body, _ = text.split(".")
    header = base64.urlsafe_b64encode(head.encode()).rstrip(b"=").decode() if head else header
    body = base64.urlsafe_b64encode(payload.encode()).rstrip(b"=").decode() if payload else body
    signature = jws.JWSRegistry.algorithms["ES256"].sign(f"{header}.{body}".encode(), issuer().key)
    return f"{header}.{body}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


async def test_a_token_of_a_trusted_issuer_proves_who_somebody_is() -> None:
    end = int(time.time()) + 60
    verified = await tokens().verify(signed(amr=["mfa"], rights=["writer@payments-*", "lord@*", "reader@"], exp=end))
    rights = (Right(Role.WRITER, "payments-*"),)
    assert verified.identity == Identity("local", "alice", Kind.PERSON, rights=rights, second_factor=True)
    assert verified.until == pytest.approx(end + 5)


@pytest.mark.parametrize("algorithm", ["RS256", "RS512", "PS256", "ES256", "ES384", "ES512"])
async def test_a_token_of_each_algorithm_that_is_listed_is_verified(algorithm: str) -> None:
    curves = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
    key: RSAKey | ECKey = RSA
    if algorithm in curves:
        key = ECKey.generate_key(curves[algorithm], {"kid": "k"})
    keys = MemoryKeys({"keys": [{**key.as_dict(private=False), "use": "sig"}]})
    verified = await tokens(keys, algorithms=[algorithm]).verify(signed({"alg": algorithm}, key))
    assert verified.identity.name == "local:alice"


@pytest.mark.parametrize("kind", ["jwt", "JWT", "at+jwt", "application/at+jwt", None])
async def test_an_access_token_says_what_it_is_or_nothing(kind: str | None) -> None:
    assert (await tokens().verify(signed({"typ": kind}))).identity.subject == "alice"


async def test_groups_are_read_from_the_claim_of_the_settings() -> None:
    verifier = tokens(groups_claim="groups")
    assert (await verifier.verify(signed(groups=["a", "b"]))).identity.groups == {"a", "b"}
    for malformed in ("a", {"a": 1}, [1], ["a"] * 501, None):
        assert (await verifier.verify(signed(groups=malformed))).identity.groups == frozenset()


async def test_the_subject_is_read_from_the_claim_of_the_settings() -> None:
    assert (await tokens(subject_claim="email").verify(signed(email="a@b"))).identity.name == "local:a@b"


@pytest.mark.parametrize(
    ("proof", "several"),
    [
        ({"amr": ["pwd", "mfa"]}, True),
        ({"acr": "phr"}, True),
        ({"amr": ["pwd", "otp"]}, False),
        ({"amr": "mfa"}, False),
    ],
)
async def test_several_factors_are_those_that_the_issuer_vouches_for(proof: dict[str, Any], *, several: bool) -> None:
    assert (await tokens().verify(signed(**proof))).identity.second_factor is several


async def test_a_kubernetes_service_account_is_one_more_subject() -> None:
    bound = {"namespace": "payments", "serviceaccount": {"name": "api", "uid": "1"}}
    subject = "system:serviceaccount:payments:api"
    verifier = tokens(kind="workload", rights_claim=None)
    text = signed({"typ": None}, sub=subject, aud=[AUDIENCE], nbf=NOW, **{"kubernetes.io": bound})
    assert (await verifier.verify(text)).identity == Identity("local", subject, Kind.WORKLOAD)


def hs256_with_the_public_key() -> str:
    """HMAC by the text of the public key, which a verifier takes that lets the token choose its algorithm."""
    text = assembled({"alg": "HS256", "typ": "JWT", "kid": "rsa"}, claims())
    message = text.rpartition(".")[0]
    digest = hmac.new(RSA.as_pem(private=False), message.encode(), hashlib.sha256).digest()
    return f"{message}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


ATTACKS: dict[str, tuple[str, Callable[[], str]]] = {
    "algorithm none": ("algorithm", lambda: assembled({"alg": "none", "kid": issuer().key.kid}, claims())),
    "algorithm None, in another case": ("algorithm", lambda: assembled({"alg": "nOnE"}, claims())),
    "no algorithm": ("algorithm", lambda: assembled({"kid": issuer().key.kid}, claims())),
    "an algorithm that is a list": ("algorithm", lambda: assembled({"alg": ["ES256"]}, claims())),
    "HS256 by the public key": ("algorithm", hs256_with_the_public_key),
    "an algorithm that is not listed": ("algorithm", lambda: signed({"alg": "RS512"}, RSA)),
    "the signature stripped": ("malformed", lambda: signed().rpartition(".")[0] + "."),
    "two parts": ("malformed", lambda: signed().rpartition(".")[0]),
    "five parts, encrypted": ("malformed", lambda: signed() + ".AA.AA"),
    "an empty signature of ECDSA": ("signature", lambda: assembled(*parts(), b"\0" * 64)),
    "a changed claim": ("signature", lambda: swapped(claims(sub="root"))),
    "a changed signature": ("signature", lambda: signed()[:-6] + "AAAAAA"),
    "another issuer's key": ("key", lambda: signed({"kid": OTHER.key.kid}, OTHER.key)),
    "another issuer's key under a known name": ("signature", lambda: signed({"kid": issuer().key.kid}, OTHER.key)),
    "another issuer": ("issuer", lambda: signed(iss="https://other.bank.example")),
    "an issuer that begins as a trusted one": ("issuer", lambda: signed(iss=issuer().issuer + ".evil.example")),
    "an issuer with a slash more": ("issuer", lambda: signed(iss=issuer().issuer + "/")),
    "an issuer that is a list": ("issuer", lambda: signed(iss=[issuer().issuer])),
    "no issuer": ("issuer", lambda: signed(iss=None)),
    "another audience": ("audience", lambda: signed(aud="another-api")),
    "an audience that holds ours as a part": ("audience", lambda: signed(aud=f"x{AUDIENCE}")),
    "a list of other audiences": ("audience", lambda: signed(aud=["a", "b"])),
    "no audience": ("audience", lambda: signed(aud=None)),
    "expired": ("expired", lambda: signed(exp=NOW - 60)),
    "no expiry": ("expiry", lambda: signed(exp=None)),
    "an expiry that is text": ("malformed", lambda: signed(exp=str(NOW + SECONDS))),
    "an expiry that is true": ("malformed", lambda: signed(exp=True)),
    "an expiry that is no number": ("malformed", lambda: resigned(signed(), json.dumps(claims(exp=float("nan"))))),
    "an expiry beyond numbers": (
        "malformed",
        lambda: resigned(signed(), json.dumps(claims()).replace(str(NOW + SECONDS), "1e999")),
    ),
    "an expiry of more digits than a float has": ("malformed", lambda: signed(exp=10**400)),
    "not yet valid": ("early", lambda: signed(nbf=NOW + SECONDS)),
    "issued in the future": ("early", lambda: signed(iat=NOW + SECONDS)),
    "a path as the key's name": ("key", lambda: signed({"kid": "../../../../dev/null"})),
    "SQL as the key's name": ("key", lambda: signed({"kid": "x' UNION SELECT 'key"})),
    "a key's name that is a number": ("key", lambda: signed({"kid": 1})),
    "no key's name": ("key", lambda: signed({"kid": None})),
    "a key in the header": ("header", lambda: signed({"jwk": OTHER.keys["keys"][0]}, OTHER.key)),
    "the address of keys in the header": ("header", lambda: signed({"jku": "https://evil.example/keys"})),
    "the address of a certificate in the header": ("header", lambda: signed({"x5u": "https://evil.example/pem"})),
    "a certificate in the header": ("header", lambda: signed({"x5c": ["MII"]})),
    "a critical extension": ("header", lambda: signed({"crit": ["exp"], "exp": 1})),
    "an unencoded payload": ("header", lambda: assembled({**parts()[0], "b64": False}, claims())),
    "a compressed payload": ("header", lambda: signed({"zip": "DEF"})),
    "a logout token": ("type", lambda: signed({"typ": "logout+jwt"})),
    "a proof of possession": ("type", lambda: signed({"typ": "dpop+jwt"})),
    "a claim that appears twice": (
        "malformed",
        lambda: resigned(signed(), json.dumps(claims())[:-1] + ', "sub": "root"}'),
    ),
    "a header that appears twice": (
        "malformed",
        lambda: resigned(signed(), head='{"alg":"none",' + json.dumps(parts()[0])[1:]),
    ),
    "claims that are a list": ("malformed", lambda: resigned(signed(), "[]")),
    "claims nested without end": ("malformed", lambda: resigned(signed(), "[" * 4000)),
    "claims that are not UTF-8": ("malformed", lambda: signed().replace(signed().split(".")[1], "_w")),
    "no subject": ("subject", lambda: signed(sub=None)),
    "a subject that is a number": ("subject", lambda: signed(sub=1)),
    "a subject of two lines": ("subject", lambda: signed(sub="a\nb")),
    "a subject without end": ("subject", lambda: signed(sub="a" * 256)),
    "a token without end": ("malformed", lambda: signed(x="a" * LONGEST_TOKEN)),
    "padding": ("malformed", lambda: signed() + "=="),
    "a space in it": ("malformed", lambda: signed().replace(".", ". ", 1)),
    "a line break after it": ("malformed", lambda: signed() + "\n"),
    "letters that look alike": ("malformed", lambda: signed().replace("e", "е", 1)),  # noqa: RUF001  # Cyrillic
    "no token": ("malformed", lambda: ""),
}


def parts() -> tuple[dict[str, Any], dict[str, Any]]:
    """The header and the claims of a good token."""
    return {"alg": "ES256", "kid": issuer().key.kid}, claims()


def swapped(payload: dict[str, Any]) -> str:
    """A good token's header and signature around other claims."""
    header, _, signature = signed().split(".")
    return f"{header}.{base64.urlsafe_b64encode(json.dumps(payload).encode()).rstrip(b'=').decode()}.{signature}"


@pytest.mark.parametrize("attack", ATTACKS)
async def test_no_known_attack_proves_anything(attack: str) -> None:
    reason, forged = ATTACKS[attack]
    algorithms = ["RS256"] if attack == "HS256 by the public key" else ["ES256"]
    keys = MemoryKeys(RSA_KEYS) if algorithms == ["RS256"] else None
    with pytest.raises(InvalidTokenError) as raised:
        await tokens(keys, algorithms=algorithms).verify(forged())
    assert raised.value.reason == reason, str(raised.value)


async def test_a_key_verifies_no_other_algorithm_than_its_own() -> None:
    verifier = tokens(MemoryKeys(RSA_KEYS), algorithms=["RS256", "PS256", "ES256"])
    assert (await verifier.verify(signed({"alg": "RS256"}, RSA))).identity.subject == "alice"
    for token in (signed({"alg": "PS256"}, RSA), signed({"alg": "ES256", "kid": "rsa"})):
        with pytest.raises(InvalidTokenError) as raised:
            await verifier.verify(token)
        assert raised.value.reason == "key"


async def test_clocks_may_differ_by_the_skew_and_no_more() -> None:
    now = int(time.time())
    for early, late in ((now + 3, now - 3), (now + 3, now + 60), (now, now - 3)):
        assert await tokens().verify(signed(nbf=early, exp=late))
    for early, late in ((now + 20, now + 60), (now, now - 6)):
        with pytest.raises(InvalidTokenError):
            await tokens().verify(signed(nbf=early, exp=late))
