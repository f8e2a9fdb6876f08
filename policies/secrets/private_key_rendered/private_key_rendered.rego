# METADATA
# title: A private key is rendered
# description: >-
#   Rendered files are committed, and everyone who may read the repository reads a commit for ever. A key that was
#   there once is not secret again.
# custom:
#   id: PWD001
#   severity: error
#   owner: security
#   remediation: Replace the key, and keep the new one in Vault.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package secrets.private_key_rendered

import data.lib.literals
import rego.v1

pattern := `-----BEGIN ([A-Z]+ )*PRIVATE KEY`

examined contains file if some file in literals.files

deny contains denial if {
	some file in examined
	some pointer in literals.matching(file, pattern, pattern)
	denial := {
		"id": "PWD001",
		"message": "a private key is written here",
		"path": literals.path,
		"file": file.file,
		"pointer": pointer,
	}
}
