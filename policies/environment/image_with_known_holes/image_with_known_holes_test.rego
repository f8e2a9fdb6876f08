package environment.image_with_known_holes_test

import data.environment.image_with_known_holes
import rego.v1

image(name, version) := {"spec": {"containers": {"images": {name: {"version": version}}}}}

test_a_release_with_the_fix_passes if {
	every version in ["8.1.9", "9.0.7", "9.1.3", "9.2.0"] {
		image_with_known_holes.deny == set() with input as image("valkey", version)
	}
}

test_an_old_release_is_denied_with_the_reason if {
	denials := image_with_known_holes.deny with input as image("pgbouncer", "1.25.1")
	{[denial.message, denial.wanted] | some denial in denials} == {[
		"pgbouncer 1.25.1 has known holes: CVE-2026-107350, a login as another user",
		"1.26.1 or later",
	]}
}

test_an_image_that_nothing_is_known_of_is_denied if {
	count(image_with_known_holes.deny) == 1 with input as image("other", "1.0.0")
}
