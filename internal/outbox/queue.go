package outbox

// queue is first in, first out, in a ring that grows by doubling and is let go when it is empty.
type queue[J any] struct {
	ring  []J
	first int
	n     int
}

const smallRing = 256

func (q *queue[J]) len() int { return q.n }

func (q *queue[J]) push(job J) {
	if q.n == len(q.ring) {
		grown := make([]J, max(16, 2*q.n))
		for i := range q.n {
			grown[i] = q.ring[(q.first+i)%q.n]
		}
		q.ring, q.first = grown, 0
	}
	q.ring[(q.first+q.n)%len(q.ring)] = job
	q.n++
}

// peek gives what pop would.
func (q *queue[J]) peek() (J, bool) {
	if q.n == 0 {
		var none J
		return none, false
	}
	return q.ring[q.first], true
}

func (q *queue[J]) pop() (J, bool) {
	var none J
	if q.n == 0 {
		return none, false
	}
	job := q.ring[q.first]
	q.ring[q.first] = none
	q.first = (q.first + 1) % len(q.ring)
	if q.n--; q.n == 0 && len(q.ring) > smallRing {
		q.ring, q.first = nil, 0
	}
	return job, true
}
