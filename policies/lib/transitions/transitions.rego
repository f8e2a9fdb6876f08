# METADATA
# title: Transitions of rendered objects
# description: >-
#   Objects that the base has too, those that are gone, and the volumes of those that hold data. Without a base, or in a
#   cluster that is new, there are none.
package lib.transitions

import rego.v1

# pairs holds each object that the base has, and that is still rendered: `before` and `after`.
pairs contains pair if {
	some document in input.documents
	before := input.before.documents[document.file]
	pair := {
		"file": document.file,
		"kind": document.object.kind,
		"name": object.get(document.object, ["metadata", "name"], ""),
		"before": before,
		"after": document.object,
	}
}

files := {document.file | some document in input.documents}

# gone holds each object that the base has, and that is no longer rendered.
gone contains item if {
	some file, object_before in input.before.documents
	count(files & {file}) == 0
	item := {"file": file, "kind": object_before.kind, "name": object.get(object_before, ["metadata", "name"], "")}
}

# volumes holds each volume that the base has: its size in bytes and its class before and after. A volume that is gone
# has no size.
volumes contains volume if {
	some pair in pairs
	some pointer, before in claims(pair.before)
	after := object.get(claims(pair.after), pointer, {"size": 0, "class": "none"})
	volume := {
		"file": pair.file,
		"pointer": pointer,
		"name": pair.name,
		"statement": statements[pair.kind],
		"before": before,
		"after": after,
	}
}

# The part of the specification that the volumes of a kind are rendered from.
statements := {
	"Cluster": ["storage", "database"],
	"RedisReplication": ["storage", "cache"],
	"PersistentVolumeClaim": ["storage", "database"],
}

# claims returns the volumes that an object asks for, by the pointer to each.
claims(rendered) := {pointer: claim |
	rendered.kind == "Cluster"
	some name in ["storage", "walStorage"]
	stated := rendered.spec[name]
	pointer := sprintf("/spec/%s", [name])
	claim := {"size": object.get(stated, "size", 0), "class": object.get(stated, "storageClass", "default")}
} if {
	rendered.kind == "Cluster"
}

claims(rendered) := {"/spec/storage/volumeClaimTemplate/spec": claim(stated) |
	stated := rendered.spec.storage.volumeClaimTemplate.spec
} if {
	rendered.kind == "RedisReplication"
}

claims(rendered) := {"/spec": claim(rendered.spec)} if rendered.kind == "PersistentVolumeClaim"

claim(stated) := {
	"size": object.get(stated, ["resources", "requests", "storage"], 0),
	"class": object.get(stated, "storageClassName", "default"),
}
