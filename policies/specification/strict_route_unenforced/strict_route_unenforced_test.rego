package specification.strict_route_unenforced_test

import data.specification.strict_route_unenforced
import rego.v1

routes(stated, compiled) := {
	"environment": {"throttling": {"routes": [object.union({"route": "PUT /x"}, stated)]}},
	"settings": {"throttling": {"routes": compiled}},
}

test_a_strict_route_that_is_compiled_passes if {
	limits := routes({"strict": true}, [{"route": "PUT /x", "strict": true}])
	strict_route_unenforced.deny == set() with input as limits
}

test_a_route_that_is_not_strict_need_not_be_compiled if {
	every stated in [{}, {"strict": false}] {
		strict_route_unenforced.deny == set() with input as routes(stated, [])
	}
}

test_the_route_is_in_the_message if {
	denials := strict_route_unenforced.deny with input as routes({"strict": true}, [])
	{denial.message | some denial in denials} == {"PUT /x is stated as strict, and not compiled as such"}
}

test_a_route_that_is_compiled_as_strict_and_not_stated_so_is_denied_at_the_route if {
	denials := strict_route_unenforced.deny with input as routes({}, [{"route": "PUT /x", "strict": true}])
	{denial.path | some denial in denials} == {["environment", "throttling", "routes", 0, "route"]}
}
