package store

import "sync"

// keptSettings bounds what an orgSettings keeps.
const keptSettings = 1000

// orgSettings keeps what settings of organizations mean, by their text as it stands in the row: nearly all organizations
// share a few texts, and decoding one costs as much as a third of the query that reads it. What it gives is shared: nobody may
// write into its slices and maps. The zero value is ready.
type orgSettings struct {
	mu   sync.RWMutex
	kept map[string]OrgSettings
}

func (s *orgSettings) decode(text string) (OrgSettings, error) {
	s.mu.RLock()
	settings, ok := s.kept[text]
	s.mu.RUnlock()
	if ok {
		return settings, nil
	}
	if err := fromJSON(text, &settings); err != nil {
		return OrgSettings{}, err
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil || len(s.kept) >= keptSettings {
		s.kept = map[string]OrgSettings{}
	}
	s.kept[text] = settings
	return settings, nil
}
