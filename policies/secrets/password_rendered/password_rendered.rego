# METADATA
# title: A literal password is rendered
# description: >-
#   A literal password in an object is the same in every environment that was copied from the first, and changes
#   only if somebody remembers all of them.
# custom:
#   id: PWD003
#   severity: error
#   owner: security
#   remediation: Keep the password in Vault, and refer to the Secret that it is read into.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package secrets.password_rendered

import data.lib.literals
import rego.v1

named := `(?i)(^|[_.-])(password|passwd|passphrase|token|secret|api_?key|access_?key|private_?key)$`

# Inside a text of several settings: a name, a sign, and a value of its own.
assigned := `(?i)(password|passwd|passphrase|api_?key|secret_?key)"?[ ]*[:=][ ]*"?[^ "'{$]{4}`

# The same in the text of a whole file, where quotes are escaped.
hint := `(?i)(password|passwd|passphrase|api_?key|secret_?key)\\*"?[ ]*[:=][ ]*\\*"?[^ "'{$]{4}`

examined contains file if some file in literals.files

# A reference to what is filled in later is no literal.
literal(text) if {
	text != ""
	not contains(text, "{{")
}

# Most files are passed over whole: they have no such name in front of a text, or of `"value"`.
mentioned := `(?i)["_.-](password|passwd|passphrase|token|secret|api_?key|access_?key|private_?key)"(: *"|, *"value")`

places(file) := {literals.pointer(keys) |
	regex.match(mentioned, file.text)
	walk(file.object, [keys, value])
	is_string(value)
	literal(value)
	named_by(file, keys)
}

# A value is named by its key, or by the variable of a container that it is the value of.
named_by(_, keys) if regex.match(named, sprintf("%v", [keys[count(keys) - 1]]))

named_by(file, keys) if {
	keys[count(keys) - 1] == "value"
	holder := object.get(file.object, array.slice(keys, 0, count(keys) - 1), {})
	regex.match(named, sprintf("%v", [object.get(holder, "name", "")]))
}

deny contains denial if {
	some file in examined
	some pointer in places(file) | literals.matching(file, hint, assigned)
	denial := {
		"id": "PWD003",
		"message": "a password or a token is written here",
		"path": literals.path,
		"file": file.file,
		"pointer": pointer,
	}
}
