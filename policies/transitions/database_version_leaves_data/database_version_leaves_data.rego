# METADATA
# title: PostgreSQL changes to a version that does not read the data
# description: >-
#   An older version does not start on the files of a newer one. Another major version has to convert them, with the
#   database stopped, and no cluster can follow one of another major version.
# custom:
#   id: TRN007
#   severity: error
#   owner: data
#   remediation: >-
#     Write the version back. To upgrade to a new major version, follow the operator's procedure for every cluster of the
#     environment, and acknowledge the transition (docs/transitions.md).
#   section: Storage Resources, 1. Database Storage
#   waivable: false
package transitions.database_version_leaves_data

import data.lib.transitions
import rego.v1

examined contains pair if {
	some pair in transitions.pairs
	pair.kind == "Cluster"
}

image(rendered) := object.get(rendered, ["spec", "imageName"], "")

# version returns the major and the minor number in the tag of an image; none where they cannot be read.
version(reference) := [to_number(part) | some part in split(tag(reference), ".")] if regex.match(numbers, tag(reference))

version(reference) := [] if not regex.match(numbers, tag(reference))

numbers := `^[0-9]{1,4}(\.[0-9]{1,4})*$`

# tag returns the tag of an image up to a dash, or the end of its name where it has none.
tag(reference) := split(parts[count(parts) - 1], "-")[0] if parts := split(split(reference, "@")[0], ":")

refused(before, after) if {
	before[0] != after[0]
}

refused(before, after) if after < before

refused(before, _) if count(before) == 0

refused(_, after) if count(after) == 0

deny contains denial if {
	some pair in examined
	was := image(pair.before)
	is := image(pair.after)
	was != is
	refused(version(was), version(is))
	denial := {
		"id": "TRN007",
		"message": sprintf("%s goes from %s to %s", [pair.name, was, is]),
		"path": ["storage", "database", "type"],
		"file": pair.file,
		"pointer": "/spec/imageName",
		"before": was,
		"after": is,
	}
}
