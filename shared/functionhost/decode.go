package functionhost

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/rightsdesk/rightsdesk/shared/host"
)

// envelope is what the host posts. Metadata is never read: members of a JSON message overwrite it.
type envelope struct {
	Data map[string]json.RawMessage
}

// payloadOf reads the payload of a job from what the host posts for a trigger of that kind.
func payloadOf(kind host.Kind, body []byte) ([]byte, error) {
	if kind == host.QueueMessage {
		return decodeQueue(body)
	}
	info, err := decodeTimer(body)
	if err != nil {
		return nil, err
	}
	return host.TimerPayload(info.PastDue)
}

// decodeQueue returns the text of the queue message in a queueTrigger's envelope. The host
// writes the text as a JSON string inside a JSON string. Older hosts wrote one layer, and
// both are understood. Errors never quote the body.
func decodeQueue(body []byte) ([]byte, error) {
	raw, err := decodeData(body)
	if err != nil {
		return nil, err
	}
	switch raw[0] {
	case '{':
		return raw, nil
	case '"':
	default:
		return nil, errors.New("envelope: Data holds neither text nor an object")
	}
	var outer, inner string
	if json.Unmarshal(raw, &outer) != nil {
		return nil, errors.New("envelope: Data holds a malformed string")
	}
	if json.Unmarshal([]byte(outer), &inner) == nil {
		return []byte(inner), nil
	}
	return []byte(outer), nil
}

// timerInfo is what the host says about a timer's schedule. Last, Next and LastUpdated are
// kept as text: on a first run the host sends year 1, with or without a zone. For a schedule
// that fires more than once a minute it sends nothing at all.
type timerInfo struct {
	PastDue                 bool
	Last, Next, LastUpdated string
}

// decodeTimer reads a timerTrigger's envelope. Errors never quote the body.
func decodeTimer(body []byte) (timerInfo, error) {
	raw, err := decodeData(body)
	if err != nil {
		return timerInfo{}, err
	}
	var timer struct {
		ScheduleStatus *struct{ Last, Next, LastUpdated string }
		IsPastDue      bool
	}
	if raw[0] != '{' || json.Unmarshal(raw, &timer) != nil {
		return timerInfo{}, errors.New("envelope: Data holds no timer")
	}
	info := timerInfo{PastDue: timer.IsPastDue}
	if s := timer.ScheduleStatus; s != nil {
		info.Last, info.Next, info.LastUpdated = s.Last, s.Next, s.LastUpdated
	}
	return info, nil
}

// decodeData returns the one member of Data. A function with a trigger and no other input has
// exactly one.
func decodeData(body []byte) (json.RawMessage, error) {
	if !utf8.Valid(body) {
		return nil, errors.New("envelope: not UTF-8")
	}
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return nil, fmt.Errorf("envelope: not JSON at byte %d", syntax.Offset)
		}
		return nil, errors.New("envelope: not an object with Data")
	}
	if len(e.Data) != 1 {
		return nil, fmt.Errorf("envelope: Data has %d members instead of one", len(e.Data))
	}
	for _, raw := range e.Data {
		return raw, nil
	}
	panic("unreachable")
}
