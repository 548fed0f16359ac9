package store

import (
	"fmt"
	"reflect"
	"sync"
	"testing"
)

func TestSettingsKept(t *testing.T) {
	t.Parallel()
	var kept orgSettings
	want := OrgSettings{MFAPolicy: MFARequired, AllowedMFAMethods: []string{MethodSMS}, CountryPolicy: map[string]string{"US": "allow"}}
	for range 2 {
		if got, err := kept.decode(asJSON(want)); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, %v", got, err)
		}
	}
	if _, err := kept.decode(`{"mfa_policy":1}`); err == nil {
		t.Error("what is no settings was decoded")
	}

	// Many organizations with texts of their own, from many callers at once: right for each, and bounded.
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for i := range keptSettings {
				name := fmt.Sprintf("%d-%d", worker, i)
				if got, err := kept.decode(`{"auth_methods":"` + name + `"}`); err != nil || got.AuthMethods != name {
					t.Errorf("got %q, %v", got.AuthMethods, err)
				}
			}
		})
	}
	all.Wait()
	if len(kept.kept) > keptSettings {
		t.Errorf("%d are kept", len(kept.kept))
	}
}
