# METADATA
# title: Data, or an object that it needs, is deleted by a mistake in Git
# description: >-
#   Argo CD deletes what is gone from Git. Where that holds data, or data cannot run or be restored without it, a mistake
#   of one commit costs the data; a confirmation (Prune=confirm) keeps Argo CD at that commit, although the next one
#   reverts it.
# custom:
#   id: K8S033
#   severity: error
#   owner: platform
#   remediation: Annotate the object with Prune=false and Delete=false; compiler/emit/kubernetes/common/kept.py lists it.
#   section: Disaster Recovery, 1. Backup Strategy
#   waivable: false
package kubernetes.data_pruned

import data.lib.kubernetes
import data.lib.network
import data.origins
import rego.v1

objects contains item if {
	some document in array.concat(input.documents, input.argocd)
	metadata := document.object.metadata
	options := split(object.get(metadata, ["annotations", "argocd.argoproj.io/sync-options"], ""), ",")
	item := {
		"kind": document.object.kind,
		"name": metadata.name,
		"namespace": object.get(metadata, "namespace", ""),
		"file": document.file,
		"object": object.remove(document.object, ["metadata"]),
		"kept": count({"Prune=false", "Delete=false"} & {option | some option in options}) == 2,
	}
}

protected contains item if {
	some item in objects
	item.kept
}

# called returns the name by which other objects refer to one: that of its Secret, where it makes one.
called(item) := object.get(item.object, object.get(secrets, item.kind, ["metadata"]), item.name)

secrets := {"Certificate": ["spec", "secretName"], "ExternalSecret": ["spec", "target", "name"]}

# named holds the texts in each protected object, some of which are names of others.
named contains use if {
	some item in protected
	kind := item.kind
	not kind in origins.grants
	texts := {text | walk(item.object, [_, text]); is_string(text)}
	use := {"by": sprintf("the %s %s", [item.kind, item.name]), "namespace": item.namespace, "texts": texts}
}

examined contains need if {
	some item in objects
	item.kind in origins.holding_data
	need := {"item": item, "because": "holds data, or guards the access to it"}
}

# Deleting a Database deletes nothing in PostgreSQL, unless it says so.
examined contains need if {
	some item in objects
	item.kind == "Database"
	object.get(item.object, ["spec", "databaseReclaimPolicy"], "retain") != "retain"
	need := {"item": item, "because": "drops its tables when it is"}
}

examined contains need if {
	some item in objects
	item.kind in origins.referred_to
	some use in named
	called(item) in use.texts
	item.namespace in {use.namespace, ""}
	need := {"item": item, "because": sprintf("is needed by %s", [use.by])}
}

# A grant is needed by a protected account, or by a protected Role.
examined contains need if {
	some item in objects
	item.kind in origins.grants
	texts := {text | walk(item.object, [_, text]); is_string(text)}
	some other in protected
	other.kind in {"ServiceAccount", "Role"}
	other.name in texts
	item.namespace in {other.namespace, ""}
	need := {"item": item, "because": sprintf("is needed by the %s %s", [other.kind, other.name])}
}

# A binding gives nothing without its role.
examined contains need if {
	some item in objects
	item.kind in {"ClusterRole", "Role"}
	some other in protected
	reference := object.get(other.object, "roleRef", {})
	reference.kind == item.kind
	reference.name == item.name
	item.namespace == other.namespace
	need := {"item": item, "because": sprintf("is needed by the %s %s", [other.kind, other.name])}
}

examined contains need if {
	some item in objects
	item.kind == "NetworkPolicy"
	selector := object.get(item.object, ["spec", "podSelector"], {})
	some store in protected
	some made in origins.made_pods
	made.kind == store.kind
	store.namespace == item.namespace
	network.selects(selector, object.union(made.labels, {made.named: concat("", [store.name, made.suffix])}))
	need := {"item": item, "because": sprintf("is about the pods of the %s %s", [store.kind, store.name])}
}

examined contains need if {
	some item in objects
	item.kind == "NetworkPolicy"
	count(object.get(item.object, ["spec", "podSelector"], {"all": "missing"})) == 0
	need := {"item": item, "because": "closes its namespace"}
}

deny contains denial if {
	some need in examined
	need.item.kept == false
	denial := {
		"id": "K8S033",
		"message": sprintf("the %s %s can be pruned, and %s", [need.item.kind, need.item.name, need.because]),
		"path": ["storage", "database", "type"],
		"file": need.item.file,
		"pointer": "/metadata/annotations",
	}
}
