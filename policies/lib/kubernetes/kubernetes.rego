# METADATA
# title: Rendered Kubernetes objects
# description: Objects by kind, the pods that they make, and the containers of those.
package lib.kubernetes

import data.origins
import data.workloads
import rego.v1

# objects holds every rendered object with its file, and the namespace and labels that it may leave out.
objects contains item if {
	some document in input.documents
	metadata := object.get(document.object, "metadata", {})
	item := {
		"file": document.file,
		"kind": document.object.kind,
		"name": object.get(metadata, "name", ""),
		"namespace": object.get(metadata, "namespace", ""),
		"labels": object.get(metadata, "labels", {}),
		"spec": object.get(document.object, "spec", {}),
	}
}

# restored holds the Clusters that restore tests make, each with the name of the ConfigMap that holds its manifest.
restored contains item if {
	some document in input.documents
	document.object.kind == "ConfigMap"
	text := document.object.data["cluster.json"]
	cluster := json.unmarshal(text)
	item := {
		"file": document.file,
		"kind": cluster.kind,
		"name": cluster.metadata.name,
		"namespace": cluster.metadata.namespace,
		"labels": object.get(cluster.metadata, "labels", {}),
		"spec": cluster.spec,
		"held_in": document.object.metadata.name,
	}
}

# placed holds the same objects by namespace and kind, for rules that look for one object from another.
placed := {namespace: kinds |
	some namespace in {item.namespace | some item in objects}
	here := {item | some item in objects; item.namespace == namespace}
	kinds := {kind: items |
		some kind in {item.kind | some item in here}
		items := {item | some item in here; item.kind == kind}
	}
}

# of returns the objects of a kind in a namespace.
of(kind, namespace) := object.get(placed, [namespace, kind], set())

# templates holds where each kind has a pod's template.
templates[kind] := path if {
	some kind, held in workloads.kinds
	path := held.template
}

# lists holds where each kind has lists of containers.
lists[kind] := paths if {
	some kind, held in workloads.kinds
	paths := held.lists
}

# makes holds the containers that an operator makes of each kind.
makes[kind] := made if {
	some kind, held in workloads.kinds
	made := held.containers
}

# pods holds what each workload makes: the pod's labels and specification, and where in its file they are.
pods contains pod if {
	some item in objects
	template := object.get(item.spec, templates[item.kind], null)
	is_object(template)
	pod := {
		"file": item.file,
		"kind": item.kind,
		"name": item.name,
		"namespace": item.namespace,
		"labels": object.get(template, ["metadata", "labels"], {}),
		"spec": object.get(template, "spec", {}),
		"pointer": sprintf("/spec/%s/spec", [concat("/", templates[item.kind])]),
	}
}

pods contains pod if {
	some item in objects
	item.kind == "Pod"
	pod := object.union(object.remove(item, ["spec"]), {"spec": item.spec, "pointer": "/spec"})
}

# selectable holds the namespace and labels of every pod: of rendered workloads, of what operators make of rendered
# objects, and of the platform.
selectable contains pod if {
	some item in pods
	pod := {"namespace": item.namespace, "labels": item.labels}
}

selectable contains pod if {
	some made in origins.made_pods
	some item in objects | restored
	made.kind == item.kind
	labels := object.union(made.labels, {made.named: concat("", [item.name, made.suffix])})
	pod := {"namespace": item.namespace, "labels": labels}
}

selectable contains pod if some pod in origins.platform_pods

labelled := {namespace: labels |
	some namespace in {pod.namespace | some pod in selectable}
	labels := {pod.labels | some pod in selectable; pod.namespace == namespace}
}

# labels_in returns the labels of every selectable pod of a namespace.
labels_in(namespace) := object.get(labelled, namespace, set())

# containers holds every container of every pod, init containers too, and those that operators make of fields of their
# own resources. `installed` says that it runs an image that the operator was installed with.
containers contains container if {
	some pod in pods
	some list in ["initContainers", "containers"]
	some index, fields in object.get(pod.spec, list, [])
	name := object.get(fields, "name", "")
	container := {
		"file": pod.file,
		"namespace": pod.namespace,
		"name": name,
		"fields": fields,
		"pod": pod.spec,
		"pointer": sprintf("%s/%s/%d", [pod.pointer, list, index]),
		"pointers": {},
		"path": object.get(origins.containers, name, ["containers"]),
		"installed": false,
	}
}

containers contains container if {
	some item in objects
	some list in lists[item.kind]
	some index, fields in object.get(item.spec, list, [])
	container := {
		"file": item.file,
		"namespace": item.namespace,
		"name": object.get(fields, "name", ""),
		"fields": fields,
		"pod": {"securityContext": object.get(item.spec, "podSecurityContext", {})},
		"pointer": sprintf("/spec/%s/%d", [concat("/", list), index]),
		"pointers": {},
		"path": ["containers"],
		"installed": false,
	}
}

containers contains container if {
	some item in objects
	some one in makes[item.kind]
	object.get(item.spec, object.get(one, "when", []), false) != false
	stated := found(item.spec, one.at)
	defaults := object.get(one, "unless_stated", {})
	container := {
		"file": item.file,
		"namespace": item.namespace,
		"name": one.name,
		"fields": object.union(object.union(defaults, stated), {"name": one.name}),
		"pod": found(item.spec, object.get(one, "pod", {})),
		"pointer": "/spec",
		"pointers": {field: sprintf("/spec/%s", [concat("/", path)]) | some field, path in one.at},
		"path": one.statement,
		"installed": object.get(one, "installed", false),
	}
}

# found returns the fields that a specification states, each from its own path.
found(spec, paths) := {field: value |
	some field, path in paths
	value := object.get(spec, path, null)
	value != null
}

# at returns where a field of a container is, or would be, in its file.
at(container, field) := object.get(container.pointers, field, sprintf("%s/%s", [container.pointer, field]))

# selects says whether a selector of labels, which has at least one, matches labels.
selects(wanted, labels) if {
	count(wanted) > 0
	object.union(labels, wanted) == labels
}
