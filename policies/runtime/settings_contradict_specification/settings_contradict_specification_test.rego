package runtime.settings_contradict_specification_test

import data.runtime.settings_contradict_specification
import rego.v1

threads(compiled) := {
	"spec": {"limits": {"threads": {"worker": 40}}},
	"settings": {"process": {"threads": compiled}},
}

test_the_same_number_passes if settings_contradict_specification.deny == set() with input as threads(40)

test_another_number_is_denied_at_the_statement if {
	denials := settings_contradict_specification.deny with input as threads(41)
	{[denial.path, denial.message] | some denial in denials} == {[
		["limits", "threads", "worker"],
		"the setting process.threads is 41, but limits.threads.worker is 40",
	]}
}
