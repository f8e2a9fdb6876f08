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

documents := array.concat(input.documents, input.argocd)

# objects holds what identifies each object, without its body: items that are compared so often have to be small.
# `called` is the name by which other objects refer to one: that of its Secret, where it makes one.
objects contains item if {
	some document in documents
	kind := document.object.kind
	metadata := document.object.metadata
	file := document.file
	item := {
		"kind": kind,
		"name": metadata.name,
		"called": object.get(called, file, metadata.name),
		"namespace": object.get(metadata, "namespace", ""),
		"file": file,
		"kept": file in kept,
	}
}

# kept holds the files of the objects that Argo CD neither prunes nor deletes.
kept contains file if {
	some document in documents
	options := split(document.object.metadata.annotations["argocd.argoproj.io/sync-options"], ",")
	count({"Prune=false", "Delete=false"} & {option | some option in options}) == 2
	file := document.file
}

# called holds the names of the Secrets that objects make, by the files of these.
called[file] := name if {
	some document in documents
	path := secrets[document.object.kind]
	file := document.file
	name := object.get(document.object, path, document.object.metadata.name)
}

# A reference to data takes long for what is asked of every object.
grants := {kind | some kind in origins.grants}

holding_data := {kind | some kind in origins.holding_data}

referred_to := {kind | some kind in origins.referred_to}

secrets := {"Certificate": ["spec", "secretName"], "ExternalSecret": ["spec", "target", "name"]}

# referring holds the kinds that are kept or give rights, and may refer to other objects.
referring := {
	"AppProject", "ApplicationSet", "Certificate", "Cluster", "ClusterRole", "ClusterRoleBinding", "Database",
	"ExternalSecret", "Issuer", "ObjectStore", "RedisReplication", "RedisSentinel", "Role", "RoleBinding",
	"ScheduledBackup", "SecretStore", "ServiceAccount", "StorageClass", "VolumeAttributesClass",
	"VolumeSnapshotClass",
}

# silent holds the kinds that refer to no object by its name: settings, zones, and what selects by labels.
silent := {"ConfigMap", "Namespace", "NetworkPolicy"}

# bodies holds the objects of these kinds without their metadata, by their files.
bodies[file] := body if {
	some document in documents
	document.object.kind in referring
	file := document.file
	body := object.remove(document.object, ["metadata"])
}

# texts returns every text in an object, its keys too: what stands between quotes, since a walk takes ten times as long.
texts(item) := {text | some text in split(sprintf("%v", [bodies[item.file]]), `"`)}

protected contains item if {
	some item in objects
	item.kept
}

# named holds the objects that others may refer to, by the names in protected objects.
named[text] contains use if {
	some item in protected
	kind := item.kind
	not kind in grants | silent
	some text in texts(item) & names
	use := {"by": sprintf("the %s %s", [item.kind, item.name]), "namespace": item.namespace}
}

names := {item.called | some item in objects; item.kind in referred_to}

examined contains need if {
	some item in objects
	item.kind in holding_data
	need := {"item": item, "because": "holds data, or guards the access to it"}
}

# Deleting a Database deletes nothing in PostgreSQL, unless it says so.
examined contains need if {
	some item in objects
	item.kind == "Database"
	object.get(bodies[item.file], ["spec", "databaseReclaimPolicy"], "retain") != "retain"
	need := {"item": item, "because": "drops its tables when it is"}
}

examined contains need if {
	some item in objects
	item.kind in referred_to
	some use in named[item.called]
	item.namespace in {use.namespace, ""}
	need := {"item": item, "because": sprintf("is needed by %s", [use.by])}
}

# A grant is needed by a protected account, or by a protected Role.
examined contains need if {
	some item in objects
	item.kind in grants
	text := sprintf("%v", [bodies[item.file]])
	some other in accounts
	contains(text, sprintf(`"%s"`, [other.name]))
	item.namespace in {other.namespace, ""}
	need := {"item": item, "because": sprintf("is needed by the %s %s", [other.kind, other.name])}
}

accounts contains item if {
	some item in protected
	item.kind in {"ServiceAccount", "Role"}
}

# A binding gives nothing without its role.
examined contains need if {
	some other in protected
	other.kind in {"ClusterRoleBinding", "RoleBinding"}
	reference := object.get(bodies[other.file], "roleRef", {})
	some item in objects
	reference.kind == item.kind
	reference.name == item.name
	item.namespace == other.namespace
	need := {"item": item, "because": sprintf("is needed by the %s %s", [other.kind, other.name])}
}

# selected holds what selects the pods of each NetworkPolicy, by its file.
selected[file] := selector if {
	some document in documents
	document.object.kind == "NetworkPolicy"
	file := document.file
	selector := object.get(document.object, ["spec", "podSelector"], {"all": ""})
}

# selectors holds the NetworkPolicies of each namespace, with what selects their pods.
selectors[namespace] contains policy if {
	some item in objects
	item.kind == "NetworkPolicy"
	namespace := item.namespace
	policy := {"item": item, "selector": selected[item.file]}
}

examined contains need if {
	some made in pods
	some policy in selectors[made.namespace]
	network.selects(policy.selector, made.labels)
	need := {"item": policy.item, "because": sprintf("is about the pods of the %s %s", [made.kind, made.name])}
}

# pods holds the labels of the pods that operators make of protected objects.
pods contains pod if {
	some made in origins.made_pods
	some store in protected
	store.kind == made.kind
	labels := object.union(made.labels, {made.named: concat("", [store.name, made.suffix])})
	pod := {"kind": store.kind, "name": store.name, "namespace": store.namespace, "labels": labels}
}

examined contains need if {
	some policy in selectors[_]
	count(policy.selector) == 0
	need := {"item": policy.item, "because": "closes its namespace"}
}

# What an object of another kind refers to is not known: who keeps one adds its kind. A ConfigMap holds settings alone.
examined contains need if {
	some item in protected
	kind := item.kind
	not kind in referring | silent
	need := {
		"item": object.union(item, {"kept": false, "state": "is kept"}),
		"because": "this rule does not know what such a kind needs: add it to referring",
	}
}

deny contains denial if {
	some need in examined
	need.item.kept == false
	denial := {
		"id": "K8S033",
		"message": sprintf("the %s %s %s, and %s", [
			need.item.kind, need.item.name, object.get(need.item, "state", "can be pruned"), need.because,
		]),
		"path": ["storage", "database", "type"],
		"file": need.item.file,
		"pointer": "/metadata/annotations",
	}
}
