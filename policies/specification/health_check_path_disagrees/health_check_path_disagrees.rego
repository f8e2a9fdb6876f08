# METADATA
# title: The health check's path is stated twice and disagrees
# description: >-
#   The kubelet and the load balancer ask the same process. A path that the process does not serve fails every check:
#   the load balancer takes every pod out of service while Kubernetes reports them healthy.
# custom:
#   id: CON005
#   severity: error
#   owner: platform
#   remediation: Write one path in containers.application.health_check and load_balancing.application.health_check.
#   section: Infrastructure Scaling, 3. Load Balancing
package specification.health_check_path_disagrees

import data.lib.statements
import rego.v1

examined contains pair if {
	pair := {
		"balancer": statements.at(["load_balancing", "application", "health_check", "path"]),
		"container": statements.at(["containers", "application", "health_check", "path"]),
	}
}

deny contains denial if {
	some pair in examined
	pair.balancer.value != pair.container.value
	denial := {
		"id": "CON005",
		"message": sprintf(
			"%s is %s, but %s is %s",
			[pair.balancer.name, pair.balancer.value, pair.container.name, pair.container.value],
		),
		"path": pair.balancer.path,
		"places": [pair.balancer.path, pair.container.path],
	}
}
