# METADATA
# title: Pods during an update
# description: How many pods of a Deployment exist at once, those that are terminating included.
package lib.rollouts

import data.lib.kubernetes
import rego.v1

# surplus returns the pods that a Deployment has besides its replicas while an update replaces them: the surge, and the
# pods that are terminating. Each pod that is replaced at a time is replaced again minReadySeconds later at the
# earliest, so that the grace period bounds how many are still there.
surplus(deployment, replicas) := surge + min([replicas, (surge + unavailable) * in_turn]) if {
	update := object.get(deployment, ["strategy", "rollingUpdate"], {})
	surge := object.get(update, "maxSurge", 1)
	unavailable := object.get(update, "maxUnavailable", 0)
	grace := object.get(deployment, ["template", "spec", "terminationGracePeriodSeconds"], 30)
	pause := object.get(deployment, "minReadySeconds", 0)
	in_turn := turns(grace, pause, replicas)
}

# turns is the whole number of pauses that begin within a grace period; without a pause every pod may be terminating.
turns(grace, pause, _) := (padded - (padded % pause)) / pause if {
	pause > 0
	padded := (grace + pause) - 1
}

turns(_, 0, replicas) := replicas

# api is the most pods of the API that exist at once: those that listen where the settings say.
api := most + max(array.concat([input.spec.orchestration.configuration.rolling_update.max_surge], surpluses)) if {
	most := input.spec.compute.application_tier.instances.max
	surpluses := [surplus(item.spec, most) |
		some item in kubernetes.objects
		item.kind == "Deployment"
		some container in object.get(item.spec, ["template", "spec", "containers"], [])
		some port in object.get(container, "ports", [])
		port.containerPort == input.settings.process.port
	]
}

# connection_places holds the statements that decide how many connections the pods of the API open, and how many are
# admitted, in the order in which they should follow each other.
connection_places := [
	["connections", "database", "pool_size"],
	["load_balancing", "database", "max_connections"],
	["compute", "application_tier", "instances", "max"],
	["orchestration", "configuration", "rolling_update", "max_surge"],
	["orchestration", "configuration", "rolling_update", "max_unavailable"],
	["containers", "application", "resource_limits", "cpu"],
]
