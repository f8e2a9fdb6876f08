# METADATA
# title: Rendered text
# description: Everything that is rendered, and where in it text matches a pattern.
package lib.literals

import rego.v1

# path is where the specification says how secrets are kept.
path := ["access_control", "secrets", "storage"]

# files holds every rendered Kubernetes object, and the plan for Vault, each with its text as one.
files contains file if {
	some document in input.documents
	file := {"file": document.file, "object": document.object, "text": sprintf("%v", [document.object])}
}

files contains {"file": input.vault.file, "object": {"documents": documents}, "text": sprintf("%v", [documents])} if {
	documents := input.vault.documents
}

# matching returns the pointers to the text in a file that matches a pattern. Most files are passed over whole: a file
# where the hint, a pattern without anchors, quotes or line ends, matches nothing has no such text.
matching(file, hint, pattern) := {pointer(keys) |
	regex.match(hint, file.text)
	walk(file.object, [keys, value])
	is_string(value)
	regex.match(pattern, value)
}

# pointer returns a path as RFC 6901 has it.
pointer(keys) := concat("", [sprintf("/%s", [escaped]) |
	some key in keys
	escaped := replace(replace(sprintf("%v", [key]), "~", "~0"), "/", "~1")
])
