# METADATA
# title: A field that Argo CD ignores has no other owner, or has two
# description: >-
#   Argo CD never applies a field that it ignores. Where no autoscaler changes it in the same cluster, what Git says of it
#   is never in force; where one changes it and Argo CD does not ignore it, each undoes the other's change.
# custom:
#   id: DEP021
#   severity: error
#   owner: platform
#   remediation: Ignore in each cluster exactly the numbers that its autoscalers own.
#   section: Infrastructure Scaling, 1. Auto-scaling Configuration
package environment.ignored_field_unowned

import data.lib.kubernetes
import rego.v1

scaled := {"Cluster": "/spec/instances", "Deployment": "/spec/replicas"}

# owned holds the numbers that autoscalers of this cluster change.
owned contains number if {
	some item in kubernetes.objects
	item.kind in {"HorizontalPodAutoscaler", "ScaledObject"}
	target := item.spec.scaleTargetRef
	number := {
		"owner": sprintf("%s %s", [item.kind, item.name]),
		"kind": target.kind,
		"name": target.name,
		"namespace": item.namespace,
		"field": object.get(scaled, target.kind, "/spec/replicas"),
		"file": item.file,
	}
}

folder := sprintf("generated/%s/%s/kubernetes", [input.environment.name, input.cluster.name])

every_folder := sprintf("generated/%s/*/kubernetes", [input.environment.name])

# templates holds what this cluster's Application is made of: the ApplicationSet's template, and the generator's own.
templates contains template if {
	some document in input.argocd
	document.object.kind == "ApplicationSet"
	template := {"file": document.file, "pointer": "/spec/template", "spec": document.object.spec.template.spec}
}

templates contains template if {
	some document in input.argocd
	document.object.kind == "ApplicationSet"
	some index, generator in document.object.spec.generators
	some directory in object.get(generator, ["git", "directories"], [])
	directory.path in {folder, every_folder}
	template := {
		"file": document.file,
		"pointer": sprintf("/spec/generators/%d/git/template", [index]),
		"spec": object.get(generator, ["git", "template", "spec"], {}),
	}
}

ignored contains entry if {
	some template in templates
	some index, item in object.get(template.spec, "ignoreDifferences", [])
	some field in array.concat(object.get(item, "jsonPointers", []), object.get(item, "jqPathExpressions", []))
	entry := {
		"kind": item.kind,
		"name": object.get(item, "name", ""),
		"namespace": object.get(item, "namespace", ""),
		"field": field,
		"file": template.file,
		"pointer": sprintf("%s/spec/ignoreDifferences/%d", [template.pointer, index]),
	}
}

owns(number, entry) if {
	number.kind == entry.kind
	number.field == entry.field
	entry.name in {number.name, ""}
	entry.namespace in {number.namespace, ""}
}

examined contains entry if some entry in ignored

examined contains number if some number in owned

deny contains denial if {
	some entry in examined
	entry in ignored
	owners := {number.owner | some number in owned; owns(number, entry)}
	count(owners) != 1
	denial := {
		"id": "DEP021",
		"message": sprintf(
			"Argo CD ignores %s of the %s %s, which %d autoscalers of this cluster own",
			[entry.field, entry.kind, entry.name, count(owners)],
		),
		"path": ["environment", "clusters", input.cluster.name, "role"],
		"file": entry.file,
		"pointer": entry.pointer,
	}
}

deny contains denial if {
	some number in examined
	number in owned
	count({entry | some entry in ignored; owns(number, entry)}) == 0
	denial := {
		"id": "DEP021",
		"message": sprintf(
			"Argo CD undoes what the %s does to %s of the %s %s",
			[number.owner, number.field, number.kind, number.name],
		),
		"path": ["environment", "clusters", input.cluster.name, "role"],
		"file": number.file,
		"pointer": "/spec/scaleTargetRef",
	}
}
