# METADATA
# title: An authority signs more than a server's own names
# description: >-
#   A client that may have a certificate signed for any name can pose as any server that the authority is trusted
#   for. A certificate that is valid for years cannot be taken back: clients ask no list of revoked ones.
# custom:
#   id: VLT013
#   severity: error
#   owner: security
#   remediation: List the names in allowed_domains, allow nothing below them, and bound max_ttl by the threshold.
#   section: Infrastructure Security, 2. Access Control
package vault.authority_signs_too_much

import data.lib.vault
import data.thresholds.vault.longest_certificate_seconds
import rego.v1

# What widens a role, unless the plan says no: some of them are on by default.
widening := {
	"allow_any_name",
	"allow_glob_domains",
	"allow_ip_sans",
	"allow_localhost",
	"allow_subdomains",
	"allow_wildcard_certificates",
}

on_by_default := {"allow_ip_sans", "allow_localhost", "allow_wildcard_certificates"}

examined contains role if some role in vault.signing_roles

too_much(role) := {sprintf("%s is not false", [field]) |
	some field in widening
	object.get(role.data, field, (field in on_by_default)) != false
} | {reason |
	count(object.get(role.data, "allowed_domains", [])) == 0
	reason := "allowed_domains names nothing"
} | {reason |
	longest := object.get(role.data, "max_ttl", 0)
	not bounded(longest)
	reason := sprintf("max_ttl is not from 1 to %d seconds", [longest_certificate_seconds])
}

bounded(seconds) if {
	is_number(seconds)
	seconds > 0
	seconds <= longest_certificate_seconds
}

deny contains denial if {
	some role in examined
	some reason in too_much(role)
	denial := {
		"id": "VLT013",
		"message": sprintf("the role %s at %s: %s", [role.name, role.mount, reason]),
		"path": ["access_control", "infrastructure", "principle"],
		"file": input.vault.file,
		"pointer": role.pointer,
	}
}
