# METADATA
# title: A URL has a password
# description: URLs are logged, shown in metrics and passed on, and a password in one goes with them.
# custom:
#   id: PWD004
#   severity: error
#   owner: security
#   remediation: Leave the password out of the URL, and give it to the process in a file.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package secrets.password_in_url

import data.lib.literals
import rego.v1

pattern := `://[^/@:{ ]+:[^/@{ ]+@`

examined contains file if some file in literals.files

deny contains denial if {
	some file in examined
	some pointer in literals.matching(file, pattern, pattern)
	denial := {
		"id": "PWD004",
		"message": "a URL with a password is written here",
		"path": literals.path,
		"file": file.file,
		"pointer": pointer,
	}
}
