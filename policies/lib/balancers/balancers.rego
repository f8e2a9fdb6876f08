# METADATA
# title: Load balancers
# description: The time limits of each load balancer, as the annotations of its Ingress say.
package lib.balancers

import rego.v1

# found holds the load balancers with their two limits: how long they wait in silence, and how long for a target that
# was removed.
found contains balancer if {
	some document in input.documents
	document.object.kind == "Ingress"
	annotations := object.get(document.object, ["metadata", "annotations"], {})
	balancer := {
		"file": document.file,
		"name": object.get(document.object, ["metadata", "name"], ""),
		"idle": idle(annotations),
		"draining": draining(annotations),
	}
}

alb(annotations, list) := object.get(annotations, concat("", ["alb.ingress.kubernetes.io/", list]), "")

# attribute returns a number in a list of attributes, as name=1,other=2; a name that is not listed has its default.
attribute(list, name, default_seconds) := max(array.concat(stated, [default_seconds | count(stated) == 0])) if {
	stated := [to_number(value) |
		some item in split(list, ",")
		[key, value] := split(item, "=")
		key == name
		regex.match(`^[0-9]{1,9}$`, value)
	]
}

gateway(annotations, name) := to_number(object.get(
	annotations,
	concat("", ["appgw.ingress.kubernetes.io/", name]),
	"30",
))

on_azure(annotations) if {
	some name in object.keys(annotations)
	startswith(name, "appgw.ingress.kubernetes.io/")
}

idle(annotations) := gateway(annotations, "request-timeout") if on_azure(annotations)

idle(annotations) := seconds if {
	not on_azure(annotations)
	seconds := attribute(alb(annotations, "load-balancer-attributes"), "idle_timeout.timeout_seconds", 60)
}

draining(annotations) := gateway(annotations, "connection-draining-timeout") if on_azure(annotations)

draining(annotations) := seconds if {
	not on_azure(annotations)
	seconds := attribute(alb(annotations, "target-group-attributes"), "deregistration_delay.timeout_seconds", 300)
}
