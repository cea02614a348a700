package bulk

import (
	"bytes"
	"encoding/json"

	"github.com/rightsdesk/rightsdesk/shared/bulk/list"
	"github.com/rightsdesk/rightsdesk/shared/problem"
)

func rejected(number int64, f *problem.Error) list.Result {
	return list.Result{Line: number, Status: list.Rejected, Code: f.Code, Pointer: f.Pointer, Detail: f.Detail}
}

// encode returns the results as JSON Lines.
func encode(results []list.Result) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	for _, r := range results {
		if err := e.Encode(r); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}
