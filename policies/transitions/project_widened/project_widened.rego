# METADATA
# title: A project of Argo CD is widened
# description: >-
#   The project bounds what a merge may create, and where. One that widens it in passing gives every later merge more
#   authority than anybody decided. A cluster that the environment adds may be deployed to in the namespaces of the others.
# custom:
#   id: TRN011
#   severity: error
#   owner: platform
#   remediation: >-
#     Take the entry back, or acknowledge the transition (docs/transitions.md) in the same change, so that it is reviewed
#     as what it is.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package transitions.project_widened

import rego.v1

# The lists that a project allows something by, each with the statement that it is rendered from.
lists := {
	"sourceRepos": ["environment", "delivery", "repository"],
	"sourceNamespaces": ["environment", "delivery"],
	"destinations": ["environment", "clusters"],
	"clusterResourceWhitelist": ["environment", "delivery"],
	"namespaceResourceWhitelist": ["environment", "delivery"],
	"roles": ["environment", "sign_in", "groups"],
}

examined contains found if {
	some document in input.argocd
	document.object.kind == "AppProject"
	before := input.before.argocd[document.file]
	some name, statement in lists
	found := {
		"file": document.file,
		"project": document.object.metadata.name,
		"list": name,
		"statement": statement,
		"before": entries(object.get(before.spec, name, [])),
		"after": entries(object.get(document.object.spec, name, [])),
		"decided": decided(before),
	}
}

# decided returns the destinations, as text, by which a project follows the clusters that the environment adds: the review
# of environment.yaml decides on them. A namespace that is new to the project is not among them.
decided(project) := {text |
	some cluster in added_clusters
	some destination in object.get(project.spec, "destinations", [])
	text := sprintf("%s/%s", [cluster, destination.namespace])
}

# The names by which Argo CD knows the clusters that the environment did not have.
added_clusters := {text |
	before := {name | some name in object.get(input, ["before", "clusters"], [])}
	some name in object.keys(object.get(input, ["environment", "clusters"], {})) - before
	text := sprintf("%s-%s", [input.environment.name, name])
}

# entries returns what a list allows, each entry as text: every leaf of a role, and an entry of another list as a whole.
entries(list) := {text |
	some item in list
	text := allowed(item)[_]
}

allowed(item) := [item] if is_string(item)

allowed(item) := [concat("/", [item[key] | some key in sort(object.keys(item))])] if {
	is_object(item)
	not is_role(item)
}

allowed(role) := [sprintf("%s: %s", [role.name, text]) |
	some key in ["groups", "policies"]
	some text in object.get(role, key, [])
] if {
	is_role(role)
}

is_role(item) if {
	is_object(item)
	is_array(object.get(item, "policies", null))
}

deny contains denial if {
	some found in examined
	some text in found.after - (found.before | found.decided)
	denial := {
		"id": "TRN011",
		"message": sprintf("%s of %s is widened by %s", [found.list, found.project, text]),
		"path": found.statement,
		"file": found.file,
		"pointer": sprintf("/spec/%s", [found.list]),
		"before": "not allowed",
		"after": text,
	}
}
