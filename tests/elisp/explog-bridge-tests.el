;;; explog-bridge-tests.el --- Tests of the bridge to the server  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; Each test talks to a real server, tests/rpc/toy_server.py.

;;; Code:

(require 'ert)
(require 'cl-lib)
(require 'explog-bridge)

(defconst explog-bridge-tests-root
  (file-name-as-directory
   (expand-file-name "../.." (file-name-directory
                              (or load-file-name buffer-file-name))))
  "The folder of the checkout.")

(defvar explog-bridge-tests-messages nil
  "What was said in the echo area during a test, newest first.")

;;;; Help

(defun explog-bridge-tests-command (&rest mode)
  "Return the command of the toy server in MODE."
  (let ((venv (expand-file-name ".venv/bin/python" explog-bridge-tests-root)))
    `(,(if (file-executable-p venv) venv (executable-find "python3"))
      ,(expand-file-name "tests/rpc/toy_server.py" explog-bridge-tests-root)
      ,@mode)))

(defun explog-bridge-tests-until (predicate &optional what)
  "Let Emacs run until PREDICATE holds, and return its value.
Fail after half a minute, for want of WHAT."
  (let ((end (+ (float-time) 30)) value)
    (while (not (setq value (funcall predicate)))
      (when (> (float-time) end)
        (ert-fail (list "Waited in vain" what explog-bridge--problem)))
      (accept-process-output nil 0.02))
    value))

(defun explog-bridge-tests-processes ()
  "Return the processes that the bridge has."
  (cl-remove-if-not (lambda (process)
                      (string-prefix-p "explog" (process-name process)))
                    (process-list)))

(defun explog-bridge-tests-end ()
  "Stop the server, and fail if a process of it is left."
  (let ((server (and explog-bridge--current
                     (explog-bridge--server explog-bridge--current))))
    (explog-bridge-stop)
    (explog-bridge-tests-until
     (lambda () (not (or (and server (process-live-p server))
                         (explog-bridge-tests-processes))))
     "the end of all processes")))

(defmacro explog-bridge-tests-with (mode &rest body)
  "With the toy server in MODE, a list of strings, run BODY, and clean up."
  (declare (indent 1) (debug t))
  `(let ((explog-server-command (apply #'explog-bridge-tests-command ,mode))
         (explog-request-timeout 30)
         (explog-bridge--functions (make-hash-table :test #'equal))
         (process-environment
          (cons (concat "PYTHONPATH="
                        (expand-file-name "server" explog-bridge-tests-root)
                        (and (getenv "PYTHONPATH")
                             (concat path-separator (getenv "PYTHONPATH"))))
                process-environment))
         explog-bridge-ready-hook explog-bridge-stopped-hook
         explog-bridge-tests-messages explog-bridge--problem)
     (dolist (name '("*explog stderr*" "*explog events*"))
       (when (get-buffer name) (kill-buffer name)))
     (cl-letf* ((message (symbol-function 'message))
                ((symbol-function 'message)
                 (lambda (format &rest args)
                   (when format
                     (push (apply #'format-message format args)
                           explog-bridge-tests-messages))
                   (apply message format args))))
       (unwind-protect (progn ,@body)
         (explog-bridge-tests-end)))))

(defun explog-bridge-tests-ready ()
  "Start the server and wait until it is ready."
  (explog-bridge-start)
  (explog-bridge-tests-until #'explog-bridge-ready-p "ready"))

(defun explog-bridge-tests-collect (method args &optional timeout)
  "Call METHOD with ARGS and TIMEOUT; return a function that returns the ends.
That is a list of (success VALUE) or (error CODE MESSAGE), newest first."
  (let (ends)
    (should-not
     (explog-bridge-call
      method args :timeout timeout
      :success (lambda (value) (push (list 'success value) ends))
      :error (lambda (problem)
               (push (list 'error (plist-get problem :code)
                           (plist-get problem :message))
                     ends))))
    (lambda () ends)))

(defun explog-bridge-tests-end-of (ends)
  "Wait until the call whose ENDS are told by a function ends; return how."
  (explog-bridge-tests-until ends "the end of a call")
  (accept-process-output nil 0.05)
  (should (= 1 (length (funcall ends))))
  (car (funcall ends)))

(defun explog-bridge-tests-error (method args &rest options)
  "Call METHOD with ARGS and OPTIONS, and return the data of its `explog-error'."
  (cdr (should-error (apply #'explog-bridge-call-sync method args options)
                     :type 'explog-error)))

(defun explog-bridge-tests-kill ()
  "Kill the server as if it had crashed."
  (signal-process (plist-get (explog-bridge-greeting) :pid) 'SIGKILL))

(defun explog-bridge-tests-same (a b)
  "Return non-nil if A and B are equal, all strings taken as multibyte."
  (cond ((and (stringp a) (stringp b))
         (equal (string-to-multibyte a) (string-to-multibyte b)))
        ((and (sequencep a) (sequencep b))
         (and (= (length a) (length b))
              (cl-every #'explog-bridge-tests-same a b)))
        (t (equal a b))))

;;;; Start and stop

(ert-deftest explog-bridge-starts-and-stops ()
  (explog-bridge-tests-with nil
    (let (events)
      (add-hook 'explog-bridge-ready-hook (lambda () (push 'ready events)))
      (add-hook 'explog-bridge-stopped-hook (lambda () (push 'stopped events)))
      (should-not (explog-bridge-start))
      (should-not (explog-bridge-ready-p))
      (should-not (explog-bridge-greeting))
      (explog-bridge-start)             ; a second one is not needed
      (explog-bridge-tests-until #'explog-bridge-ready-p)
      (should (= 3 (length (explog-bridge-tests-processes))))
      (should-not (cl-some #'process-query-on-exit-flag
                           (explog-bridge-tests-processes)))
      (should (equal "toy" (plist-get (explog-bridge-greeting) :server)))
      (should (string-match-p "\\`explog .*, Emacs [0-9]"
                              (explog-bridge-call-sync 'version nil)))
      (explog-bridge-tests-end)
      (should-not (explog-bridge-ready-p))
      (should (equal '(stopped ready) events))
      (should-not (explog-bridge-last-problem))
      (should-not explog-bridge-tests-messages))))

(ert-deftest explog-bridge-stop-ends-calls-and-says-nothing ()
  (explog-bridge-tests-with nil
    (explog-bridge-tests-ready)
    (let ((running (explog-bridge-tests-collect 'slow '(20))))
      (explog-bridge-stop)
      (should-not explog-bridge--current)
      (should (equal "server-died"
                     (nth 1 (explog-bridge-tests-end-of running))))
      (should-not explog-bridge-tests-messages))
    (explog-bridge-stop)))

(ert-deftest explog-bridge-stops-before-it-is-ready ()
  (explog-bridge-tests-with nil
    (let ((queued (explog-bridge-tests-collect 'noop nil)))
      (explog-bridge-stop)
      (should (equal "server-died"
                     (nth 1 (explog-bridge-tests-end-of queued))))
      (should-not explog-bridge-tests-messages))))

(ert-deftest explog-bridge-starts-from-a-remote-folder ()
  (explog-bridge-tests-with nil
    (let ((default-directory "/ssh:nowhere.invalid:/tmp/"))
      (should (equal '("a") (explog-bridge-call-sync 'echo '("a")))))))

(ert-deftest explog-bridge-takes-warnings-on-stderr ()
  (explog-bridge-tests-with '("noisy")
    (explog-bridge-tests-ready)
    (explog-bridge-tests-until
     (lambda ()
       (with-current-buffer "*explog stderr*"
         (string-match-p "DeprecationWarning" (buffer-string)))))
    ;; The server lives on with nowhere to write to.
    (kill-buffer "*explog stderr*")
    (should (equal "internal" (car (explog-bridge-tests-error 'boom nil))))
    (should-not (explog-bridge-call-sync 'noop nil))))

(ert-deftest explog-bridge-starts-though-emacs-is-busy ()
  (explog-bridge-tests-with nil
    (let ((explog-bridge--start-timeout 1)
          (dial (symbol-function 'explog-bridge--dial))
          (dialled 0))
      (cl-letf (((symbol-function 'explog-bridge--dial)
                 (lambda (&rest args)
                   (apply dial args)
                   (when (= 1 (cl-incf dialled)) ; longer than the server waits
                     (call-process "sleep" nil nil nil "6")))))
        (explog-bridge-tests-ready)
        (should (= 2 dialled))
        (should-not explog-bridge-tests-messages)))))

(ert-deftest explog-bridge-token-is-random ()
  (let ((tokens (list (explog-bridge--token) (explog-bridge--token))))
    (dolist (token tokens)
      (should (string-match-p "\\`[0-9a-f]\\{64\\}\\'" token)))
    (should-not (apply #'equal tokens))))

;;;; Starts that fail

(defun explog-bridge-tests-fails-to-start (pattern)
  "Check that the server does not start and that PATTERN matches why."
  (let ((queued (explog-bridge-tests-collect 'noop nil)))
    (pcase-let ((`(error ,code ,message) (explog-bridge-tests-end-of queued)))
      (should (equal "not-started" code))
      (should (string-match-p pattern message))
      (should (string-match-p pattern (explog-bridge-last-problem))))
    (should (= 1 (length explog-bridge-tests-messages)))
    (should (string-prefix-p (explog-bridge-last-problem)
                             (car explog-bridge-tests-messages)))
    (should (string-match-p "explog-restart" (car explog-bridge-tests-messages)))
    ;; Neither kind of call tries again, nor says more.
    (should (equal "not-started"
                   (car (explog-bridge-tests-error 'noop nil))))
    (should (equal "not-started"
                   (nth 1 (explog-bridge-tests-end-of
                           (explog-bridge-tests-collect 'noop nil)))))
    (should-not explog-bridge--current)
    (should (= 1 (length explog-bridge-tests-messages)))))

(ert-deftest explog-bridge-program-is-missing ()
  (explog-bridge-tests-with nil
    (let ((right explog-server-command)
          stopped)
      (add-hook 'explog-bridge-stopped-hook (lambda () (push t stopped)))
      (setq explog-server-command '("/nowhere/explog"))
      (explog-bridge-tests-fails-to-start "/nowhere/explog")
      (should (equal '(t) stopped))
      (setq explog-server-command right)
      (explog-restart)
      (should-not (explog-bridge-call-sync 'noop nil))
      (should-not (explog-bridge-last-problem)))))

(ert-deftest explog-bridge-program-ends ()
  (explog-bridge-tests-with nil
    (let ((file (make-temp-file "explog-bridge-")))
      (unwind-protect
          (progn
            (write-region "#!/bin/sh\nread token\nexit 3\n" nil file nil 'silent)
            (set-file-modes file #o755)
            (setq explog-server-command (list file))
            (explog-bridge-tests-fails-to-start "stopped (.* code 3)\\'"))
        (delete-file file)))))

(ert-deftest explog-bridge-program-raises ()
  (explog-bridge-tests-with '("broken")
    (explog-bridge-tests-fails-to-start
     "ModuleNotFoundError: No module named 'nowhere'")))

(ert-deftest explog-bridge-program-prints-no-port ()
  (explog-bridge-tests-with '("chatty")
    (explog-bridge-tests-fails-to-start "Hello!")))

(ert-deftest explog-bridge-program-speaks-another-protocol ()
  (explog-bridge-tests-with '("newer")
    (explog-bridge-tests-fails-to-start
     "protocol 1, the server 2; M-x explog-install-server makes one that fits")))

(ert-deftest explog-bridge-program-takes-too-long ()
  (explog-bridge-tests-with '("quiet")
    (let ((explog-bridge--start-timeout 0.3))
      (explog-bridge-tests-fails-to-start "not ready within 0.3 seconds"))))

(ert-deftest explog-bridge-finds-the-program ()
  (let* ((folder (make-temp-file "explog-bridge-" t))
         (process-environment process-environment)
         (explog-bridge-folder (expand-file-name "elisp/" folder))
         (exec-path (list (expand-file-name "bin" folder)))
         (explog-server-directory (expand-file-name "emacs/explog/" folder))
         (explog-server-command nil)
         (programs '("emacs/explog/server/bin/explog" "bin/explog"
                     ".venv/bin/explog")))
    (unwind-protect
        (progn
          (should-error (explog-bridge-command))
          (dolist (program programs)    ; each one wins over those before
            (let ((file (expand-file-name program folder)))
              (make-directory (file-name-directory file) t)
              (write-region "" nil file nil 'silent)
              (set-file-modes file #o755)
              (should (equal (list file "serve") (explog-bridge-command)))))
          (let ((explog-server-command '("explog" "--verbose")))
            (should (equal '("explog" "--verbose" "serve")
                           (explog-bridge-command))))
          (let ((explog-server-command '("nowhere")))
            (should-error (explog-bridge-command))))
      (delete-directory folder t))))

;;;; Calls

(ert-deftest explog-bridge-values-go-there-and-back ()
  (explog-bridge-tests-with nil
    (let ((value (list "é" 1 -2.5 1e30 nil t 'symbol :key "" '(("nested") 3))))
      (should (equal value (explog-bridge-call-sync "echo" value)))
      (should (equal '((1 ("x"))) (explog-bridge-call-sync 'echo '([1 ["x"]]))))
      (should (equal-including-properties
               '("bold")
               (explog-bridge-call-sync
                'echo (list (propertize "bold" 'face 'bold)))))
      (let ((print-length 1) (print-level 1) (print-escape-newlines t)
            (long (number-sequence 1 5000)))
        (should (equal (list long "a\nb")
                       (explog-bridge-call-sync 'echo (list long "a\nb")))))
      (should-error (explog-bridge-call 'echo (list (current-buffer)))
                    :type 'wrong-type-argument))))

(defun explog-bridge-tests-adversaries ()
  "Return 600 strings that are hard to get across."
  (random "explog")
  (let ((alphabet
         (vconcat (number-sequence 0 32) "\"\\[](){};#?'`,.|\177"
                  (list #x85 #xa0 #xe9 #x2028 #xfeff #xffff #x6f22 #x1f600
                        #x10ffff (unibyte-char-to-multibyte #xff)
                        (unibyte-char-to-multibyte #x80))
                  "nul377u00e9")))
    (mapcar (lambda (_)
              (let ((text (make-string (random 12) ?a t)))
                (dotimes (i (length text) text)
                  (aset text i (aref alphabet (random (length alphabet)))))))
            (number-sequence 1 600))))

(ert-deftest explog-bridge-strings-of-emacs-survive ()
  (explog-bridge-tests-with nil
    (let* ((sent (explog-bridge-tests-adversaries))
           (came (explog-bridge-call-sync 'echo sent)))
      (should (= 600 (length came)))
      (cl-mapc (lambda (a b)
                 (should (equal (string-to-multibyte a) (string-to-multibyte b))))
               sent came))
    (let ((latin (encode-coding-string "é\303" 'utf-8)))
      (should (equal "é" (car (explog-bridge-call-sync
                               'echo (list (substring latin 0 2)))))))))

(ert-deftest explog-bridge-strings-of-the-server-survive ()
  (explog-bridge-tests-with nil
    (dolist (seed '(1 2))
      (pcase-let ((`(,list ,bulk) (explog-bridge-call-sync
                                   'adversaries (list seed))))
        (should (= 300 (length list)))
        (should (vectorp bulk))
        (should (equal list (append bulk nil)))
        (should-not (explog-bridge-call-sync 'differences (list seed list)))
        (should (explog-bridge-call-sync
                 'differences (list seed (cons "other" (cdr list)))))))))

(ert-deftest explog-bridge-bulk-has-no-null ()
  (explog-bridge-tests-with nil
    (let* ((reply (explog-bridge-call-sync 'rows '(3)))
           (hit (aref (plist-get reply :hits) 2)))
      (should (= 3 (plist-get reply :total)))
      (should (equal "Try \"décay\" 2" (aref hit 3)))
      (should (equal 2 (aref hit 6)))
      (should (null (aref hit 7))))))

(ert-deftest explog-bridge-errors-have-code-message-and-data ()
  (explog-bridge-tests-with nil
    (should (equal '("toy" "as asked" (:line 7 :names ("a" "b")))
                   (explog-bridge-tests-error 'boom '("explog"))))
    (should (equal '("internal" "ZeroDivisionError: division by zero" nil)
                   (explog-bridge-tests-error 'boom nil)))
    (should (equal "unknown-method"
                   (car (explog-bridge-tests-error 'nowhere nil))))
    (should (equal "bad-arguments"
                   (car (explog-bridge-tests-error 'noop '(1)))))
    (should (equal "reply-too-large"
                   (car (explog-bridge-tests-error 'big '(#xffffff)))))
    (let (problem)
      (explog-bridge-call 'boom '("explog")
                          :success (lambda (_) (ert-fail "success"))
                          :error (lambda (it) (setq problem it)))
      (explog-bridge-tests-until (lambda () problem))
      (should (equal "toy" (plist-get problem :code)))
      (should (equal "as asked" (plist-get problem :message)))
      (should (equal '(:line 7 :names ("a" "b")) (plist-get problem :data))))))

(ert-deftest explog-bridge-errors-that-nobody-takes-are-logged ()
  (explog-bridge-tests-with nil
    (explog-bridge-ring 'boom "explog") ; not ready: nothing happens
    (should-not explog-bridge--current)
    (explog-bridge-tests-ready)
    (explog-bridge-ring 'boom "explog")
    (explog-bridge-tests-until
     (lambda () (with-current-buffer (get-buffer-create "*explog events*")
                  (string-match-p "boom failed: as asked (toy)" (buffer-string)))))
    (should-not explog-bridge-tests-messages)))

(ert-deftest explog-bridge-large-requests ()
  (explog-bridge-tests-with nil
    (let ((large (make-string 3000000 ?é)))
      (should (equal (list large)
                     (explog-bridge-call-sync 'echo (list large)))))
    (let* ((too-large (list (make-string #x1000000 ?x)))
           (ends (explog-bridge-tests-collect 'echo too-large)))
      (should (equal "request-too-large"
                     (nth 1 (explog-bridge-tests-end-of ends))))
      (should (equal "request-too-large"
                     (car (explog-bridge-tests-error 'echo too-large)))))
    (should-not (explog-bridge-call-sync 'noop nil))))

(ert-deftest explog-bridge-calls-before-ready-wait ()
  (explog-bridge-tests-with nil
    (let ((calls (mapcar (lambda (n) (explog-bridge-tests-collect 'echo (list n)))
                         (number-sequence 1 20))))
      (should-not (explog-bridge-ready-p))
      (should (equal '(0) (explog-bridge-call-sync 'echo '(0))))
      (should (equal (mapcar (lambda (n) `(success (,n))) (number-sequence 1 20))
                     (mapcar #'explog-bridge-tests-end-of calls))))))

(ert-deftest explog-bridge-calls-before-ready-time-out ()
  (explog-bridge-tests-with '("quiet")
    (let ((early (explog-bridge-tests-collect 'noop nil 0.1)))
      (should (equal "timeout" (nth 1 (explog-bridge-tests-end-of early))))
      (should (equal "timeout"
                     (car (explog-bridge-tests-error 'noop nil :timeout 0.1)))))))

(ert-deftest explog-bridge-late-answers-are-ignored ()
  (explog-bridge-tests-with nil
    (explog-bridge-tests-ready)
    (let ((late (explog-bridge-tests-collect 'slow '(0.5) 0.1)))
      (should (equal "timeout"
                     (car (explog-bridge-tests-error 'slow '(0.5) :timeout 0.1))))
      (should (equal "timeout" (nth 1 (explog-bridge-tests-end-of late))))
      ;; Two answers are under way; after them comes that of this call.
      (should (equal "slept" (explog-bridge-call-sync 'slow '(0.6))))
      (should (= 1 (length (funcall late))))
      (should (= 0 (hash-table-count
                    (explog-bridge--calls explog-bridge--current)))))))

(ert-deftest explog-bridge-fast-calls-overtake-slow-ones ()
  (explog-bridge-tests-with nil
    (explog-bridge-tests-ready)
    (let ((slow (explog-bridge-tests-collect 'wait '("gate"))))
      (dotimes (n 50)
        (should (equal (list n) (explog-bridge-call-sync 'echo (list n)))))
      (should-not (funcall slow))
      (explog-bridge-call 'open '("gate"))
      (should (equal '(success "gate") (explog-bridge-tests-end-of slow))))))

(ert-deftest explog-bridge-answers-come-during-a-synchronous-call ()
  (explog-bridge-tests-with nil
    (explog-bridge-tests-ready)
    (let ((calls (mapcar (lambda (n) (explog-bridge-tests-collect 'echo (list n)))
                         (number-sequence 1 20))))
      (should (equal "slept" (explog-bridge-call-sync 'slow '(0.3))))
      (should (equal (mapcar (lambda (n) `(success (,n))) (number-sequence 1 20))
                     (mapcar #'explog-bridge-tests-end-of calls))))))

(ert-deftest explog-bridge-input-cancels ()
  (explog-bridge-tests-with nil
    (explog-bridge-tests-ready)
    (cl-letf (((symbol-function 'sit-for)
               (lambda (&rest _) (accept-process-output nil 0.1) nil)))
      (should (eq 'typed (explog-bridge-call-sync
                          'slow '(0.5) :cancel-on-input 'typed))))
    (should (= 0 (hash-table-count (explog-bridge--calls explog-bridge--current))))
    (should (equal "slept" (explog-bridge-call-sync 'slow '(0.6))))
    (should (equal "slept" (explog-bridge-call-sync
                            'slow '(0) :cancel-on-input 'typed)))))

(ert-deftest explog-bridge-quit-leaves-a-synchronous-call ()
  (explog-bridge-tests-with nil
    (explog-bridge-tests-ready)
    (run-at-time 0.1 nil #'signal 'quit nil)
    (should (eq 'quit (let ((debug-on-quit nil))
                        (condition-case nil
                            (explog-bridge-call-sync 'slow '(0.5))
                          (quit 'quit)))))
    (should (= 0 (hash-table-count (explog-bridge--calls explog-bridge--current))))
    (should (equal "slept" (explog-bridge-call-sync 'slow '(0.6))))))

(ert-deftest explog-bridge-errors-in-callbacks-stay-there ()
  (explog-bridge-tests-with nil
    (explog-bridge-tests-ready)
    (let ((debug-on-error nil))
      (explog-bridge-call 'noop nil :success (lambda (_) (error "Mine")))
      (explog-bridge-call 'boom nil :error (lambda (_) (error "Mine too")))
      (explog-bridge-tests-until
       (lambda () (= 2 (length explog-bridge-tests-messages)))))
    (should-not (explog-bridge-call-sync 'noop nil))))

;;;; Death

(ert-deftest explog-bridge-death-ends-all-calls ()
  (explog-bridge-tests-with nil
    (explog-bridge-tests-ready)
    (let ((calls (list (explog-bridge-tests-collect 'slow '(30))
                       (explog-bridge-tests-collect 'slow '(30))
                       (explog-bridge-tests-collect 'slow '(30)))))
      (run-at-time 0.1 nil #'explog-bridge-tests-kill)
      (let ((begun (float-time)))
        (should (equal "server-died"
                       (car (explog-bridge-tests-error 'slow '(30)))))
        (should (equal '("server-died" "server-died" "server-died")
                       (mapcar (lambda (call)
                                 (nth 1 (explog-bridge-tests-end-of call)))
                               calls)))
        (should (< (- (float-time) begun) 15))))))

(ert-deftest explog-bridge-death-of-an-old-server-starts-another ()
  (explog-bridge-tests-with nil
    (let ((explog-bridge--young 0) (stopped 0))
      (add-hook 'explog-bridge-stopped-hook (lambda () (cl-incf stopped)))
      (explog-bridge-tests-ready)
      (let ((first (explog-bridge-call-sync 'pid nil)))
        (explog-bridge-call-sync 'warn '("so long"))
        (explog-bridge-tests-kill)
        (explog-bridge-tests-until (lambda () (= stopped 1)))
        (with-current-buffer "*explog events*"
          (should (string-match-p "stopped (killed): so long" (buffer-string))))
        (should (eq 'waiting (explog-bridge--state explog-bridge--current)))
        ;; A call waits for the restart, which comes by itself.
        (let ((queued (explog-bridge-tests-collect 'pid nil)))
          (should (eq 'waiting (explog-bridge--state explog-bridge--current)))
          (should-not (= first (nth 1 (explog-bridge-tests-end-of queued))))))
      ;; The next restart would come in two seconds, but not for a user.
      (explog-bridge-tests-kill)
      (explog-bridge-tests-until (lambda () (= stopped 2)))
      (with-current-buffer "*explog events*"
        (should (string-match-p "stopped (killed)$" (buffer-string))))
      (should (= 2 (explog-bridge--deaths explog-bridge--current)))
      (should (eq 'waiting (explog-bridge--state explog-bridge--current)))
      (should (explog-bridge-call-sync 'pid nil))
      (should-not explog-bridge-tests-messages)
      (should-not (explog-bridge-last-problem)))))

(ert-deftest explog-bridge-restarts-come-later-each-time ()
  (let ((explog-bridge--current (explog-bridge--make-connection 0))
        delays)
    (cl-letf (((symbol-function 'explog-bridge--set-timer)
               (lambda (_ seconds &rest _) (push seconds delays))))
      (dolist (age '(5 5 5 5 5 5 5 5 70 5))
        (explog-bridge--revive explog-bridge--current age)))
    (should (equal '(1 2 4 8 16 32 60 60 1 2) (nreverse delays)))))

(ert-deftest explog-bridge-stop-ends-a-restart ()
  (explog-bridge-tests-with nil
    (let ((explog-bridge--young 0))
      (explog-bridge-tests-ready)
      (explog-bridge-tests-kill)
      (explog-bridge-tests-until (lambda () (not (explog-bridge-ready-p))))
      (let ((queued (explog-bridge-tests-collect 'noop nil)))
        (explog-bridge-stop)
        (should (equal "server-died"
                       (nth 1 (explog-bridge-tests-end-of queued)))))
      (sleep-for 1.2)
      (should-not explog-bridge--current)
      (should-not (explog-bridge-tests-processes)))))

(ert-deftest explog-bridge-death-of-a-young-server-is-the-last ()
  (explog-bridge-tests-with '("young")
    (explog-bridge-tests-ready)
    (kill-buffer (get-buffer-create "*explog events*"))
    (let ((running (explog-bridge-tests-collect 'slow '(30))))
      (should (equal "server-died"
                     (nth 1 (explog-bridge-tests-end-of running)))))
    (should-not explog-bridge--current)
    (should (string-match-p "toy: dying as asked" (explog-bridge-last-problem)))
    (should (= 1 (length explog-bridge-tests-messages)))
    (sleep-for 1.2)
    (should-not (explog-bridge-tests-processes))
    (should (equal "not-started" (car (explog-bridge-tests-error 'noop nil))))))

(ert-deftest explog-bridge-garbage-from-the-server-ends-it ()
  (explog-bridge-tests-with nil
    (explog-bridge-tests-ready)
    (let ((running (explog-bridge-tests-collect 'slow '(30))))
      (explog-bridge--filter (explog-bridge--socket explog-bridge--current)
                             "no EPC")
      (should (equal "server-died" (nth 1 (explog-bridge-tests-end-of running))))
      (should (string-match-p "not EPC" (explog-bridge-last-problem))))))

;;;; Calls from the server

(defun explog-bridge-tests-call-back (method &rest args)
  "Have the server call METHOD with ARGS, and return what it got."
  (explog-bridge-call-sync 'call-back (list method args)))

(ert-deftest explog-bridge-the-server-calls-emacs ()
  (explog-bridge-tests-with nil
    (explog-bridge-define 'add #'+)
    (explog-bridge-define "text" (lambda (text) (list (upcase text) nil :k)))
    (should (equal '(:value 6) (explog-bridge-tests-call-back "add" 1 2 3)))
    (should (equal '(:value ("É" nil :k))
                   (explog-bridge-tests-call-back "text" "é")))))

(ert-deftest explog-bridge-calls-from-the-server-nest ()
  (explog-bridge-tests-with nil
    (explog-bridge-define 'add #'+)
    (explog-bridge-define
     'again (lambda () (explog-bridge-call-sync 'echo '("inner"))))
    (should (equal '(:value ("inner")) (explog-bridge-tests-call-back "again")))
    (let ((outer (explog-bridge-tests-collect 'call-back '("add" (1 2)))))
      (should (equal '(:value 7) (explog-bridge-tests-call-back "add" 3 4)))
      (should (equal '(success (:value 3)) (explog-bridge-tests-end-of outer))))))

(ert-deftest explog-bridge-errors-in-emacs-reach-the-server ()
  (explog-bridge-tests-with nil
    (explog-bridge-define 'fails (lambda () (error "No %s" "luck")))
    (explog-bridge-define 'quits (lambda () (signal 'quit nil)))
    (explog-bridge-define
     'explog (lambda () (signal 'explog-error '("my-code" "my message" (1)))))
    (explog-bridge-define 'asks (lambda () (read-string "Name: ")))
    (explog-bridge-define 'throws (lambda () (throw 'explog-bridge-tests 'thrown)))
    (explog-bridge-define 'unreadable #'current-buffer)
    (pcase-dolist (`(,method ,code ,message)
                   '(("fails" "emacs-error" "No luck")
                     ("quits" "emacs-error" "Quit")
                     ("explog" "my-code" "my message")
                     ("asks" "emacs-error" "interaction")
                     ("unreadable" "unencodable" "explog-bridge-data")
                     ("add" "unknown-method" "add")))
      (let ((answer (explog-bridge-tests-call-back method)))
        (should (equal code (plist-get answer :code)))
        (should (string-match-p message (plist-get answer :message)))))
    (let ((outer (explog-bridge-tests-collect 'call-back '("throws" nil))))
      (should (eq 'thrown (catch 'explog-bridge-tests
                            (explog-bridge-tests-until outer))))
      (should (equal "aborted" (plist-get (nth 1 (explog-bridge-tests-end-of outer))
                                          :code))))))

(ert-deftest explog-bridge-calls-from-the-server-leave-no-trace ()
  (explog-bridge-tests-with nil
    (let (where)
      (explog-bridge-define 'changes (lambda ()
                                       (setq where (current-buffer))
                                       (insert "something")
                                       (string-match "x" "xxx")
                                       inhibit-quit))
      (explog-bridge-tests-ready)
      (with-temp-buffer
        (insert "text")
        (let ((outer (explog-bridge-tests-collect 'call-back '("changes" nil))))
          (string-match "\\(b\\)" "abc")
          (while (not (funcall outer)) (accept-process-output nil 0.1))
          (should (equal '(1 2 1 2) (match-data)))
          (should (equal '((success (:value t))) (funcall outer))))
        (should (equal "text" (buffer-string)))
        (should-not (eq where (current-buffer)))
        (should-not (buffer-live-p where))))))

;;;; Bytes

(ert-deftest explog-bridge-frames-come-in-pieces ()
  (let* ((messages (list "(return 1 nil)\n" (make-string 5000000 ?x) "y" "zz"))
         (stream (mapconcat (lambda (message)
                              (format "%06x%s" (length message) message))
                            messages "")))
    (dolist (size '(4096 65536 6000000))
      (let ((input (explog-bridge--make-input)) (start 0) came)
        (while (< start (length stream))
          (let ((end (min (length stream) (+ start size))))
            (setq came (nconc came (explog-bridge--take
                                    input (substring stream start end)))
                  start end)))
        (should (equal messages came))))
    (let ((input (explog-bridge--make-input)) came)
      (mapc (lambda (byte)
              (setq came (nconc came (explog-bridge--take
                                      input (unibyte-string byte)))))
            "000003ab\n00000" )
      (should (equal '("ab\n") came))
      (should (equal '("c") (explog-bridge--take input "1c000")))
      (should-error (explog-bridge--take input "xyz")))))

(ert-deftest explog-bridge-unreadable-answers-are-errors ()
  (pcase-dolist (`(,bytes ,id) '(("(return 12 (1 2" 12) ("(return 12 #<buffer>)" 12)
                                 (")" nil) ("(return x" nil)))
    (pcase-let ((`(,kind ,for ,problem) (explog-bridge--read bytes)))
      (should (eq 'return-error kind))
      (should (equal id for))
      (should (equal "bad-message" (plist-get problem :code)))))
  (should (equal '(return 1 "é\u2028") (explog-bridge--read
                                        "(return 1 \"\303\251\342\200\250\")\n"))))

(provide 'explog-bridge-tests)
;;; explog-bridge-tests.el ends here
