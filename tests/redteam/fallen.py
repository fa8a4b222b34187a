"""What a child tries that has left the language: forged frames, forged ends, system calls. By name: code, and what holds.

What holds is the kinds in which the run may end, and whether the kernel must raise the alarm (x86_64 numbers).
"""

from __future__ import annotations

CRASHED, TIMED_OUT, RETURNED = ("crashed",), ("timed out",), ("returned",)

#: Frames which no script can send. Each ends the run as crashed and nothing is called.
FORGED = {
    "empty": "frame(b'')",
    "no json": "frame(b'{')",
    "byte order mark": r"frame(b'\xef\xbb\xbf{}')",
    "utf 16": 'frame(\'{"t":"log","text":"x"}\'.encode(\'utf-16\'))',
    "list": "frame([answer()])",
    "text": "frame('\"result\"')",
    "no kind": "frame({'value': None})",
    "kind is a list": "frame({'t': ['result'], 'value': None})",
    "review in a run": "frame({'t':'checked','findings':[],'literals':[],'api_level':1,'has_code':False})",
    "more keys": "frame({**answer(), 'alarm': False})",
    "value with more keys": "frame({'t':'result','value':{'text':'x','link':None,'color':None,'kind':'login'}})",
    "value with fewer keys": "frame({'t':'result','value':{'text':'x'}})",
    "text is a number": "frame({'t':'result','value':{'text':1,'link':None,'color':None}})",
    "link is a list": "frame({'t':'result','value':{'text':'x','link':['https://a'],'color':None}})",
    "value is false": "frame({'t':'result','value':False})",
    "value is nested deep": "frame('{\"t\":\"result\",\"value\":' + '['*60000 + ']'*60000 + '}')",
    "unclosed and deep": "frame('['*200000)",
    "not a number": 'frame(\'{"t":"result","value":NaN}\')',
    "infinite number": 'frame(\'{"t":"result","value":-1e999}\')',
    "number of 100,000 digits": "frame('{\"t\":\"result\",\"value\":' + '9'*100000 + '}')",
    "half characters": r"frame('{\"t\":\"log\",\"text\":\"\\ud800\"}')",
    "half character as key": r"frame('{\"t\":\"result\",\"value\":{\"\\ud800\":1}}')",
    "log is a number": "frame({'t':'log','text':1})",
    "log with a level": "frame({'t':'log','text':'x','level':'error'})",
    "line is negative": "frame({'t':'failed','memory':False,'fault':None,'type':'E','line':-1,'text':''})",
    "line is astronomic": "frame({'t':'failed','memory':False,'fault':None,'type':'E','line':10**4000,'text':''})",
    "line is true": "frame({'t':'failed','memory':False,'fault':None,'type':'E','line':True,'text':''})",
    "fault unknown": "frame({'t':'failed','memory':False,'fault':'granted','type':'E','line':1,'text':''})",
    "memory is 1": "frame({'t':'failed','memory':1,'fault':None,'type':'E','line':1,'text':''})",
    "method": "ask(method='DELETE')",
    "method in small letters": "ask(method='get')",
    "whose data": "ask(user='u2')",
    "credential": "ask(auth=['admin','x'])",
    "whole address": "ask(url='http://169.254.169.254/')",
    "has json is 1": "ask(has_json=1)",
    "params as object": "ask(params={'a':'b'})",
    "param of three": "ask(params=[['a','b','c']])",
    "param is null": "ask(params=[['a',None]])",
    "header is bytes": "ask(headers=[['a',[1]]])",
    "path is a list": "ask(path=['/p'])",
    "json is nested deep": "ask(has_json=True, json=json.loads('['*200+']'*200))",
}

#: name: (code, kinds, alarm)
TRICKS: dict[str, tuple[str, tuple[str, ...], bool]] = {
    "huge length": ("raw(b'\\xff\\xff\\xff\\xff' + b'x'*99)", ("too much output",), False),
    "just over the length": (
        "raw(struct.pack('>I', 256*1024+1)); import time\nwhile 1: pass",
        ("too much output",),
        False,
    ),
    "half a length": ("raw(b'\\0\\0'); os._exit(0)", CRASHED, False),
    "same key twice": ('raw_ = \'{"t":"call","t":"result","value":null}\'\nframe(raw_)\nos._exit(0)', RETURNED, False),
    "wide and empty": ("frame('[' + '{},'*85000 + '{}]')", CRASHED, False),
    "answer, then death": ("frame(answer()); os._exit(1)", CRASHED, False),
    "answer, then says out of memory": ("frame(answer()); os._exit(96)", ("out of memory",), False),
    "answer, then says not jailed": ("frame(answer()); os._exit(95)", CRASHED, False),
    "answer, then never ends": ("frame(answer())\nwhile 1: pass", TIMED_OUT, False),
    "answer, then sleeps": (
        "frame(answer()); system(202, ctypes.c_ulong(0), 0, 0, 0)\nwhile 1: pass",
        TIMED_OUT,
        False,
    ),
    "answer, then a broken pointer": ("frame(answer()); ctypes.string_at(1)", CRASHED, False),
    "answer, then a forbidden call": ("frame(answer()); system(41, 2, 1, 0)", CRASHED, True),
    "two answers": ("frame(answer('first')); frame(answer('second')); os._exit(0)", RETURNED, False),
    "answer, then calls": ("frame(answer('first'))\nfor n in range(50): ask()\nos._exit(0)", RETURNED, False),
    "calls which are not waited for": ("for n in range(5000): ask()", ("call refused", "timed out"), False),
    "logs without end": ("while 1: frame({'t':'log','text':'x'*200000})", ("too much output",), False),
    "reads for ever": ("while 1: os.read(CHANNEL, 1)", TIMED_OUT, False),
    "writes a frame slowly": (
        "raw(struct.pack('>I', 200000))\nfor n in range(200000):\n  raw(b'x')\n  [0 for i in range(9000)]",
        TIMED_OUT,
        False,
    ),
    "exits in silence": ("os._exit(0)", CRASHED, False),
    "files": ("said = [system(n, b'/etc/passwd', 0, 0) for n in (2, 4, 6, 21, 80, 89)]", RETURNED, False),
    "files beside a folder": (
        "said = [system(n, 0xffffff9c, b'/etc/passwd', 0, 0) for n in (257, 262, 267, 332, 437, 439)]",
        RETURNED,
        False,
    ),
    "channel by other calls": (
        "said = [system(n, 3, 0, 0, 0) for n in (16, 17, 18, 19, 20, 32, 33, 48, 72, 292, 295)]",
        RETURNED,
        False,
    ),
    "channel with high bits": ("said = system(1, (1 << 32) | 3, b'xxxx', 4)", RETURNED, False),
    "descriptor passed": ("system(46, 3, 0, 0)", CRASHED, True),
    "kill everything": ("system(62, 0xffffffffffffffff, 9)", CRASHED, True),
    "kill oneself quietly": ("said = [system(234, 1, 1, 9), system(39), system(186)]", RETURNED, False),
    "signal by queue": ("system(129, 1, 9, 0)", CRASHED, True),
    "another program": ("system(59, b'/bin/sh', 0, 0)", CRASHED, True),
    "a thread": ("system(56, 0x10f00, 0, 0, 0, 0)", CRASHED, True),
    "a process by clone3": ("system(435, b'\\0'*88, 88)", CRASHED, True),
    "a process by fork": ("system(57)", CRASHED, True),
    "trace me": ("system(101, 0, 0, 0, 0)", CRASHED, True),
    "read a neighbour's memory": ("system(310, 1, 0, 0, 0, 0, 0)", CRASHED, True),
    "code on the heap": ("system(9, 0, 4096, 7, 34, 0xffffffffffffffff, 0)", CRASHED, True),
    "code by protection": (
        "import mmap\nm = mmap.mmap(-1, 4096, 0x22)\na = ctypes.addressof(ctypes.c_char.from_buffer(m))\nsystem(10, a, 4096, 5)",
        CRASHED,
        True,
    ),
    "code by key": (
        "import mmap\nm = mmap.mmap(-1, 4096, 0x22)\na = ctypes.addressof(ctypes.c_char.from_buffer(m))\nsystem(329, a, 4096, 5, 0)",
        CRASHED,
        True,
    ),
    "our own code made writable": (
        "a = ctypes.cast(ctypes.pythonapi.Py_IncRef, ctypes.c_void_p).value & ~4095\nsystem(10, a, 4096, 3)\nctypes.pythonapi.Py_IncRef(None)",
        CRASHED,
        False,
    ),
    "all may be run": ("system(135, 0x0400000)", CRASHED, True),
    "32 bit numbers": ("system(0x40000000 + 39)", CRASHED, True),
    "limits lifted": ("system(302, 0, 7, b'\\xff'*16, 0)", CRASHED, True),
    "timer disarmed": ("system(38, 2, b'\\0'*32, 0)", CRASHED, True),
    "signal masked": (
        "said = [system(14, 0, b'\\xff'*8, 0, 8), system(13, 27, b'\\1'+b'\\0'*31, 0, 8), system(131, 0, 0)]",
        RETURNED,
        False,
    ),
    "signal mask by return": ("system(15)", CRASHED, True),
    "parent's death survived": (
        "said = [system(157, 1, 0, 0, 0, 0), system(157, 4, 1, 0, 0, 0), system(157, 22, 0, 0, 0, 0)]",
        RETURNED,
        False,
    ),
    "filter on filter": ("system(317, 1, 0, 0)", CRASHED, True),
    "who we are": ("said = [system(n) for n in (102, 104, 107, 108, 110, 111)]", RETURNED, False),
    "become root": ("system(105, 0)", CRASHED, True),
    "namespaces": ("system(272, 0x10000000)", CRASHED, True),
    "programs in the kernel": ("system(321, 0, 0, 0)", CRASHED, True),
    "rings": ("system(425, 1, b'\\0'*120)", CRASHED, True),
    "memory as a file": ("system(319, b'x', 0)", CRASHED, True),
    "wait for others": (
        "said = [system(61, 0xffffffffffffffff, 0, 1, 0), system(247, 0, 0, 0, 4, 0)]",
        RETURNED,
        False,
    ),
    "other clocks": (
        "said = [system(228, 0xfffffffa, b'\\0'*16), system(230, 0, 0, b'\\0'*16, 0), system(35, b'\\0'*16, 0)]",
        RETURNED,
        False,
    ),
    "futex with priority": (
        "said = [system(202, b'\\0'*8, n, 1, 0, 0, 0) for n in (3, 4, 5, 6, 7, 8, 11, 12)]",
        RETURNED,
        False,
    ),
    "odd corners": (
        "said = [system(n, 0, 0, 0, 0) for n in (24, 28 + 5000, 99, 218, 273, 324, 334, 424 + 5000, 449, 462)]",
        RETURNED,
        False,
    ),
    "stack overflow in C": (
        "import sys\nsys.setrecursionlimit(10**9)\ndef f(): return sorted([1], key=lambda x: f())\nf()",
        ("crashed", "out of memory", "timed out"),
        False,
    ),
    "memory without python": ("said = system(9, 0, 1 << 34, 3, 34 | 0x4000, 0xffffffffffffffff, 0)", RETURNED, False),
}

#: Results by which a system call would have got through: every other is an error's text.
_SILENT = {"who we are"}

#: What a compiler says that fell for a text. Each is refused as a finding, and nothing of it is believed.
REVIEWS = {
    "no code and no errors": "frame({'t':'checked','findings':[],'literals':[],'api_level':1,'has_code':False}); os._exit(0)",
    "level is astronomic": "frame({'t':'checked','findings':[],'literals':[],'api_level':10**3000,'has_code':True}); frame(b'x'); os._exit(0)",
    "level is negative": "frame({'t':'checked','findings':[],'literals':[],'api_level':-1,'has_code':True}); frame(b'x'); os._exit(0)",
    "too many findings": "f={'rule':'r','line':1,'column':1,'what':'','why':'','instead':'','severity':'error'}; frame({'t':'checked','findings':[f]*501,'literals':[],'api_level':1,'has_code':False}); os._exit(0)",
    "too many messages": "l={'line':1,'column':1,'text':'','link':None,'color':None}; frame({'t':'checked','findings':[],'literals':[l]*5001,'api_level':1,'has_code':True}); frame(b'x'); os._exit(0)",
    "code of 5 MB": "frame({'t':'checked','findings':[],'literals':[],'api_level':1,'has_code':True}); raw(struct.pack('>I', 5000000))",
    "code never comes": "frame({'t':'checked','findings':[],'literals':[],'api_level':1,'has_code':True})\nwhile 1: pass",
    "code, then death": "frame({'t':'checked','findings':[],'literals':[],'api_level':1,'has_code':True}); frame(b'x'); os._exit(3)",
    "a run's answer": "frame(answer()); os._exit(0)",
    "a forbidden call": "system(41, 2, 1, 0)",
    "silence": "os._exit(0)",
}
