package bulk

import "github.com/rightsdesk/rightsdesk/shared/problem"

// fault is why a line, a list or a message cannot be taken. Its text never quotes the input.
type fault = problem.Error

func faultf(code problem.Code, pointer, format string, args ...any) *fault {
	return problem.Newf(code, pointer, format, args...)
}
