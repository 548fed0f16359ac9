package main

import (
	"bytes"
	"encoding/json"
	"io"
)

// logSample is how much of the log of a measurement is read: some thousand lines.
const logSample = 1 << 20

// databaseWork is what calls cost in the database on average, by the server's own log.
type databaseWork struct{ roundTrips, statements float64 }

// readLog gives the averages over the last lines about calls of the name, and empties the log.
func (s *server) readLog(name string) (databaseWork, error) {
	size, err := s.log.Seek(0, io.SeekEnd)
	if err != nil {
		return databaseWork{}, err
	}
	b := make([]byte, min(size, logSample))
	if _, err := s.log.ReadAt(b, size-int64(len(b))); err != nil {
		return databaseWork{}, err
	}
	return average(b, name), s.log.Truncate(0)
}

func average(log []byte, name string) databaseWork {
	var sum databaseWork
	n := 0.0
	for line := range bytes.SplitSeq(log, []byte("\n")) {
		var l struct {
			Name       string  `json:"name"`
			RoundTrips float64 `json:"db_round_trips"`
			Statements float64 `json:"db_statements"`
		}
		if json.Unmarshal(line, &l) != nil || l.Name != name {
			continue
		}
		sum.roundTrips += l.RoundTrips
		sum.statements += l.Statements
		n++
	}
	if n == 0 {
		return databaseWork{}
	}
	return databaseWork{sum.roundTrips / n, sum.statements / n}
}
