# METADATA
# title: A cloud key or a token is rendered
# description: >-
#   Keys of clouds, tokens of Git servers and of Vault have shapes that scanners look for in every public and leaked
#   repository; the first use comes minutes after the first push.
# custom:
#   id: PWD002
#   severity: error
#   owner: security
#   remediation: Revoke the key, and let the workload use an identity or a Secret that Vault gives.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package secrets.access_key_rendered

import data.lib.literals
import rego.v1

# Of AWS, GitHub, GitLab, Vault and Slack, and JSON Web Tokens.
pattern := concat("|", [
	`(AKIA|ASIA)[0-9A-Z]{16}`,
	`gh[opsu]_[0-9A-Za-z]{36}`,
	`github_pat_[0-9A-Za-z_]{22}`,
	`glpat-[0-9A-Za-z_-]{20}`,
	`hv[bs][.][0-9A-Za-z_-]{24}`,
	`\bs[.][0-9A-Za-z]{24}\b`,
	`xox[abprs]-[0-9A-Za-z-]{10}`,
	`eyJ[0-9A-Za-z_-]{10,}[.]eyJ[0-9A-Za-z_-]{10,}`,
])

examined contains file if some file in literals.files

deny contains denial if {
	some file in examined
	some pointer in literals.matching(file, pattern, pattern)
	denial := {
		"id": "PWD002",
		"message": "a key or a token is written here",
		"path": literals.path,
		"file": file.file,
		"pointer": pointer,
	}
}
