package specification.ports_collide_test

import data.specification.ports_collide
import rego.v1

containers(application, proxy) := {"spec": {"containers": {
	"application": {"health_check": {"port": application}},
	"sidecar": {"proxy": {"ports": proxy}},
}}}

test_a_port_for_each_container_passes if ports_collide.deny == set() with input as containers(8080, [9901, 9902])

test_a_sidecar_on_the_application_port_is_denied_at_the_sidecar if {
	denials := ports_collide.deny with input as containers(9902, [9901, 9902])
	{[denial.path, denial.message] | some denial in denials} == {[
		["containers", "sidecar", "proxy", "ports", 1],
		"port 9902 is also the port of application.health_check",
	]}
}
