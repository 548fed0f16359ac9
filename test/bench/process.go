package main

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// clockTick is what /proc counts processor time in: USER_HZ, which Linux fixes at 100 for all programs.
const clockTick = 10 * time.Millisecond

// usage is the processor time that somebody has had, and the machine as a whole: with what was idle, and with what its
// host gave to others when it was wanted here.
type usage struct{ server, database, driver, machine, stolen time.Duration }

func (u usage) since(before usage) usage {
	return usage{
		u.server - before.server, u.database - before.database, u.driver - before.driver,
		u.machine - before.machine, u.stolen - before.stolen,
	}
}

// process is a line of /proc.
type process struct {
	pid, parent int
	name        string
	used        time.Duration // itself
	reaped      time.Duration // its children that have ended
}

// measureUsage gives the processor time of the server, of the PostgreSQL servers that this program has started, and of
// this program, with the stand-ins that run in it. It is all zero where there is no /proc.
func measureUsage(server int) usage {
	all := processes()
	u := usage{server: all[server].used, driver: all[os.Getpid()].used}
	u.machine, u.stolen = machineTime()
	for _, p := range all {
		if p.name == "postgres" && descends(all, p, os.Getpid()) {
			u.database += p.used + p.reaped
		}
	}
	return u
}

// machineTime reads the first line of /proc/stat, see proc(5): user, nice, system, idle, iowait, irq, softirq, steal.
func machineTime() (all, stolen time.Duration) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0
	}
	line, _, _ := strings.Cut(string(text), "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return 0, 0
	}
	for i, field := range fields[1:9] {
		n, _ := strconv.Atoi(field)
		all += time.Duration(n) * clockTick
		if i == 7 {
			stolen = time.Duration(n) * clockTick
		}
	}
	return all, stolen
}

func descends(all map[int]process, p process, from int) bool {
	for p.pid > 1 {
		if p.parent == from {
			return true
		}
		p = all[p.parent]
	}
	return false
}

func processes() map[int]process {
	all := map[int]process{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if p, ok := parseStat(string(text)); err == nil && ok {
			all[p.pid] = p
		}
	}
	return all
}

// parseStat reads /proc/PID/stat as proc(5) describes it. A name may hold anything, so it ends at the last parenthesis.
func parseStat(text string) (process, bool) {
	open, end := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	if open < 1 || end < open {
		return process{}, false
	}
	fields := strings.Fields(text[end+1:])
	if len(fields) < 15 {
		return process{}, false
	}
	number := func(text string) int {
		n, _ := strconv.Atoi(text)
		return n
	}
	return process{
		pid: number(strings.TrimSpace(text[:open])), parent: number(fields[1]), name: text[open+1 : end],
		used:   time.Duration(number(fields[11])+number(fields[12])) * clockTick,
		reaped: time.Duration(number(fields[13])+number(fields[14])) * clockTick,
	}, true
}

// memory gives a line of /proc/PID/status in MiB: VmRSS for what is resident now, VmHWM for the most there ever was.
func memory(pid int, name string) float64 {
	return statusLine("/proc/"+strconv.Itoa(pid)+"/status", name)
}

// machineMemory is the memory of this machine in GiB.
func machineMemory() float64 { return statusLine("/proc/meminfo", "MemTotal") / 1024 }

func statusLine(path, name string) float64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), name+":"); ok {
			kilobytes, _ := strconv.Atoi(strings.Fields(rest)[0])
			return float64(kilobytes) / 1024
		}
	}
	return 0
}

// loadAverage is how many threads wanted to run in the last minute: above the number of processors others disturb.
func loadAverage() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), " ")
	n, _ := strconv.ParseFloat(first, 64)
	return n
}

// end asks a process of ours to end and waits for it, the hard way after a while.
func end(p *os.Process, ended <-chan error, patience time.Duration) error {
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case err := <-ended:
		return err
	case <-time.After(patience):
		_ = p.Kill()
		return <-ended
	}
}
