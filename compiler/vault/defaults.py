"""Fields that a plan leaves out: the value that a server gives each of them, by the kind of document.

A role that signs or authenticates has dozens of fields, and a plan states those that differ from a server's defaults. A
field that is left out must still have its default on the server. A field that no table here lists is a difference as
soon as it has any value, so that a newer server's unknown right is found.

Upstream: https://openbao.org/api-docs/, https://developer.hashicorp.com/vault/api-docs; the tables hold the fields of
both, and the tests compare them with the answers of an OpenBao server.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one kind of document that a plan may leave out."""

    defaults: Mapping[str, Any] = field(default_factory=dict)
    """The values that they must have then; an empty value needs no entry."""
    computed: frozenset[str] = frozenset()
    """The fields that the server computes: ids, times, and names that the path holds already."""


def _computed(*names: str) -> frozenset[str]:
    return frozenset(names)


# The limits of tokens that every auth method's roles have; 0 is no limit of its own.
_TOKEN: dict[str, Any] = {
    "token_explicit_max_ttl": 0,
    "token_num_uses": 0,
    "token_period": 0,
    "token_strictly_bind_ip": False,
}
_OIDC_ROLE = Fields(
    _TOKEN
    | {
        "callback_mode": "client",
        "clock_skew_leeway": 0,
        "expiration_leeway": 0,
        "max_age": 0,
        "not_before_leeway": 0,
        "oidc_disable_confirmation": False,
        "token_policies_template_claims": False,
        "user_claim_json_pointer": False,
        "verbose_oidc_logging": False,
    }
)
_OIDC_CONFIG = Fields(
    # Without an authority of the issuer's own, those that the server's system trusts verify it.
    {"namespace_in_state": True, "oidc_discovery_ca_pem": "", "skip_jwks_validation": False},
    _computed("status"),
)

# By the type of the mount, and by the path below the mount.
_MOUNTED: dict[tuple[str, str], Fields] = {
    ("kubernetes", "role"): Fields(_TOKEN | {"alias_name_source": "serviceaccount_uid"}),
    ("kubernetes", "config"): Fields(
        {
            "disable_iss_validation": True,
            "token_reviewer_jwt_set": False,
            "use_annotations_as_alias_metadata": False,
        }
    ),
    ("oidc", "role"): _OIDC_ROLE,
    ("oidc", "config"): _OIDC_CONFIG,
    ("kv", "config"): Fields({"delete_version_after": "0s", "metadata_cas_required": False}),
    ("pki", "roles"): Fields(
        {
            "allow_any_name": False,
            "allow_glob_domains": False,
            "allow_globs_in_identity_templates": False,
            "allow_token_displayname": False,
            "allowed_domains_template": False,
            "allowed_uri_sans_template": False,
            "basic_constraints_valid_for_non_ca": False,
            "cn_validations": ["email", "hostname"],
            "code_signing_flag": False,
            "email_protection_flag": False,
            "generate_lease": False,
            "key_usage": ["DigitalSignature", "KeyAgreement", "KeyEncipherment"],
            "no_store": False,
            "no_store_metadata": False,
            "not_after_bound": "permit",
            "not_before_bound": "permit",
            "not_before_duration": 30,
            "serial_number_source": "json-csr",
            "signature_bits": 0,
            "ttl": 0,
            "use_csr_common_name": True,
            "use_csr_sans": True,
            "use_pss": False,
        }
    ),
    ("pki", "root"): Fields(
        {
            "disable_critical_extension_checks": False,
            "disable_name_checks": False,
            "disable_name_constraint_checks": False,
            "disable_path_length_checks": False,
            "enable_aia_url_templating": False,
            "enable_templating": False,
            "leaf_not_after_behavior": "err",
            "revoked": False,
            "usage": "crl-signing,issuing-certificates,ocsp-signing,read-only",
        },
        _computed("ca_chain", "certificate", "issuer_id", "key_id", "revocation_signature_algorithm"),
    ),
    ("transit", "keys"): Fields(
        {
            "allow_plaintext_backup": False,
            "auto_rotate_period": 0,
            "deletion_allowed": False,
            "derived": False,
            "exportable": False,
            "imported_key": False,
            "min_available_version": 0,
            "min_decryption_version": 1,
            "min_encryption_version": 0,
            "soft_deleted": False,
        },
        _computed(
            "keys",
            "latest_version",
            "name",
            "supports_decryption",
            "supports_derivation",
            "supports_encryption",
            "supports_signing",
        ),
    ),
    ("database", "config"): Fields(
        {
            "disable_automated_rotation": False,
            "rotation_period": 0,
            "rotation_window": 0,
            "skip_static_role_import_rotation": False,
            "verify_connection": True,
        }
    ),
    ("database", "static-roles"): Fields(
        {"credential_type": "password", "rotation_window": 0, "skip_import_rotation": False},
        _computed("last_vault_rotation", "next_vault_rotation"),
    ),
}

# By the whole path, as a pattern.
_SYSTEM: tuple[tuple[str, Fields], ...] = (
    (
        # The effective time to live of a mount without its own follows from the server's configuration.
        r"sys/(mounts|auth)/[^/]+/tune",
        Fields({"force_no_cache": False}, _computed("default_lease_ttl", "description", "options", "token_type")),
    ),
    (
        r"sys/(mounts|auth)/[^/]+",
        Fields(
            {
                "default_lease_ttl": 0,
                "external_entropy_access": False,
                "force_no_cache": False,
                "local": False,
                "max_lease_ttl": 0,
                "seal_wrap": False,
                "token_type": "default-service",
            },
            _computed("accessor", "deprecation_status", "running_plugin_version", "running_sha256", "uuid"),
        ),
    ),
    (r"sys/audit/[^/]+", Fields({"local": False}, _computed("path"))),
    (
        r"sys/policies/acl/[^/]+",
        Fields(
            {
                "allow_slashes_in_identity_templates": False,
                "allow_wildcards_in_identity_templates": False,
                "cas_required": False,
            },
            _computed("modified", "name", "version"),
        ),
    ),
    (
        # The members of an external group are those that the identity provider names.
        r"identity/group/name/[^/]+",
        Fields(
            {},
            _computed(
                "alias", "creation_time", "id", "last_update_time", "member_entity_ids", "modify_index", "name",
                "namespace_id",
            ),
        ),
    ),
    (
        r"identity/group-alias",
        Fields(
            {"local": False},
            _computed(
                "creation_time", "id", "last_update_time", "merged_from_canonical_ids", "mount_path", "mount_type",
                "namespace_id",
            ),
        ),
    ),
    (
        r"identity/mfa/method/[^/]+",
        Fields(
            {"key_size": 20, "max_validation_attempts": 5, "qr_size": 200},
            _computed("id", "name", "namespace_id", "namespace_path", "type"),
        ),
    ),
    (
        r"identity/mfa/login-enforcement/[^/]+",
        Fields({}, _computed("id", "name", "namespace_id", "namespace_path")),
    ),
)  # fmt: skip


def fields(path: str, mounts: Mapping[str, str]) -> Fields:
    """Return the fields that a plan may leave out of the document at a path.

    ``mounts`` has the type of each mount of the plan by its path, such as ``auth/oidc-production`` or ``cbp``. A
    document of no known kind has none: whatever the server adds to it is a difference.
    """
    for pattern, found in _SYSTEM:
        if re.fullmatch(pattern, path):
            return found
    for mount, type_ in mounts.items():
        if path.startswith(f"{mount}/"):
            kind = path.removeprefix(f"{mount}/").partition("/")[0]
            return _MOUNTED.get((type_, kind), Fields())
    return Fields()
