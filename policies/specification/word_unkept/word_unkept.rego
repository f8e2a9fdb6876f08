# METADATA
# title: Nothing that is rendered keeps a word
# description: >-
#   A word that names a choice stands for an object, or for a field of one: an autoscaler, an archiver, a probe. Where
#   that is not there, readers of the specification count on something that nobody does. policies/words/data.yaml has the
#   words, each with what has to exist because of it.
# custom:
#   id: CON037
#   severity: error
#   owner: platform
#   remediation: >-
#     Take the word back, or state what it depends on. If the statements are meant, an emitter has lost what the word
#     stands for.
#   section: System Components, 1. Architecture Components
package specification.word_unkept

import data.lib.stores
import data.words
import rego.v1

# examined holds each entry whose word stands, and which is asked of this cluster.
examined contains entry if {
	some entry in words.kept
	entry.word in said(object.get(input.spec, entry.statement, ""))
	asked(entry)
}

said(value) := {word | some word in value} if is_array(value)

said(value) := {word | some word in split(value, " + ")} if is_string(value)

asked(entry) if {
	conditions := {
		"serving": {true | stores.serving},
		"peers": {true | count(input.environment.clusters) > 1},
		"platform": {input.cluster.platform},
		"cluster": {path | path := object.get(entry, "cluster", []); object.get(input.cluster, path, null) != null},
	}
	unmet := {name |
		some name, met in conditions
		condition := object.get(entry, name, null)
		condition != null
		not condition in met
	}
	unmet == set()
}

# found holds what an entry's path leads to, in the settings or in the objects of its kind.
found(entry) := {value |
	path := object.get(entry, "settings", ["nowhere"])
	value := object.get(input.settings, path, null)
} | {value |
	some body in rendered[entry.kind]
	value := object.get(body, entry.at, null)
}

# rendered holds the objects of each kind that an entry names.
rendered[kind] contains body if {
	some document in input.documents
	body := document.object
	kind := body.kind
	kind in kinds
}

kinds := {kind | some entry in words.kept; kind := entry.kind}

empty := {null, false, "", 0, "none"}

keeps(entry, value) if {
	not value in empty
	object.get(entry, "holds", value) == value
	count({value} & {[], {}}) == 0
}

kept(entry) if {
	some value in found(entry)
	keeps(entry, value)
}

where(entry) := sprintf("%s of the API's settings", [dotted(entry.settings)]) if entry.settings

where(entry) := sprintf("%s of a %s", [dotted(entry.at), entry.kind]) if entry.at

dotted(path) := concat(".", [sprintf("%v", [part]) | some part in path])

deny contains denial if {
	some entry in examined
	not kept(entry)
	denial := {
		"id": "CON037",
		"message": sprintf("%s says '%s', and %s does not have it", [
			concat(".", entry.statement), entry.word, where(entry),
		]),
		"path": entry.statement,
		"places": array.concat([entry.statement], object.get(entry, "beside", [])),
	}
}
