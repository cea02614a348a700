package examplesim

import "fmt"

// person is a member of the club.
type person struct {
	Profile Record
	Visits  []Record
	Segment Record // nil when the club made none
}

// clubs are the clubs of each tenant. The members of the second have other ids.
var clubs = []string{"north", "south"}

// sample is the same for each tenant and club: Jane with three pages of visits, two people who
// share a phone, and a closed membership.
func sample(club int) []*person {
	first := 100 * club
	return []*person{
		newPerson(first+1, "Jane Doe", "jane@contoso.example", "+14255550100", "active", 120),
		newPerson(first+2, "Sam Lee", "sam.lee@contoso.example", "+14255550177", "active", 2),
		newPerson(first+3, "Sam Lee", "sam.lee2@contoso.example", "+14255550177", "active", 0),
		newPerson(first+4, "Former Worker", "former.worker@contoso.example", "+14255550120", "closed", 1),
	}
}

func newPerson(n int, name, email, phone, state string, visits int) *person {
	id := fmt.Sprintf("00000000-0000-4000-9000-%012d", n)
	p := &person{Profile: Record{
		"id": id, "number": fmt.Sprintf("M-%06d", 100000+n), "name": name, "email": email, "phone": phone, "state": state,
	}}
	for v := range visits {
		p.Visits = append(p.Visits, Record{"id": fmt.Sprintf("v-%d-%d", n, v), "at": fmt.Sprintf("2026-01-%02dT10:00:00Z", v%28+1), "place": "Shop " + fmt.Sprint(v%3)})
	}
	if visits > 0 {
		p.Segment = Record{"id": fmt.Sprintf("s-%d", n), "label": "regular", "score": visits * 10}
	}
	return p
}

// Record is one JSON object as the service would send it.
type Record = map[string]any
