package vendors

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"net/http"
	"sync/atomic"
)

// The answers of the providers' documentation to questions about an account, with their address and the date read.
//
//go:embed testdata/questions.json
var questions []byte

// example gives a new copy of the answer of that name.
func example(name string) map[string]any {
	var all map[string]struct{ Answer json.RawMessage }
	if err := json.Unmarshal(questions, &all); err != nil {
		panic("vendors: " + err.Error())
	}
	var answer map[string]any
	if err := json.NewDecoder(bytes.NewReader(all[name].Answer)).Decode(&answer); err != nil {
		panic("vendors: no example " + name)
	}
	return answer
}

// within gives what lies at the end of a path of names; "0" is the first of a list.
func within(v any, path ...string) map[string]any {
	for _, name := range path {
		if name == "0" {
			v = v.([]any)[0]
		} else {
			v = v.(map[string]any)[name]
		}
	}
	return v.(map[string]any)
}

// Desk answers questions about the account, which send nothing.
type Desk struct {
	// Do is how good questions are treated: Delay, Hang, Status, Garbage and Drop. A Status has no JSON.
	Do Behaviour
	// Change is called with each answer before it leaves, to make it another one. what is its name in testdata.
	Change func(what string, answer map[string]any)

	asked atomic.Int64
}

// Asked is the number of good questions.
func (d *Desk) Asked() int { return int(d.asked.Load()) }

// answer treats a good question, with the example of that name after set made it the account's.
func (d *Desk) answer(w http.ResponseWriter, r *http.Request, name string, set func(answer map[string]any)) {
	d.asked.Add(1)
	if d.Do.Status != 0 {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(d.Do.Status)
		_, _ = w.Write([]byte("<html><body>" + http.StatusText(d.Do.Status) + "</body></html>"))
		return
	}
	take(w, r, d.Do, http.StatusOK, func() {
		answer := example(name)
		if set != nil {
			set(answer)
		}
		if d.Change != nil {
			d.Change(name, answer)
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer)
	})
}
