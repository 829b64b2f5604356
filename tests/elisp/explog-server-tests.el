;;; explog-server-tests.el --- Tests of the bridge to the server  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; Each test talks to a real server, tests/rpc/toy_server.py.

;;; Code:

(require 'explog-test-server)

;;;; Start and stop

(ert-deftest explog-server-starts-and-stops ()
  (explog-server-tests-with nil
    (let (events)
      (add-hook 'explog-server-ready-hook (lambda () (push 'ready events)))
      (add-hook 'explog-server-stopped-hook (lambda () (push 'stopped events)))
      (should-not (explog-server-start))
      (should-not (explog-server-ready-p))
      (should-not (explog-server-greeting))
      (explog-server-start)             ; a second one is not needed
      (explog-server-tests-until #'explog-server-ready-p)
      (should (= 3 (length (explog-server-tests-processes))))
      (should-not (cl-some #'process-query-on-exit-flag
                           (explog-server-tests-processes)))
      (should (equal "toy" (plist-get (explog-server-greeting) :server)))
      (should (string-match-p "\\`explog .*, Emacs [0-9]"
                              (explog-server-call-sync 'version nil)))
      (explog-server-tests-end)
      (should-not (explog-server-ready-p))
      (should (equal '(stopped ready) events))
      (should-not (explog-server-last-problem))
      (should-not explog-server-tests-messages))))

(ert-deftest explog-server-stop-ends-calls-and-says-nothing ()
  (explog-server-tests-with nil
    (explog-server-tests-ready)
    (let ((running (explog-server-tests-collect 'slow '(20))))
      (explog-server-stop)
      (should-not explog-server-current)
      (should (equal "server-died"
                     (nth 1 (explog-server-tests-end-of running))))
      (should-not explog-server-tests-messages))
    (explog-server-stop)))

(ert-deftest explog-server-stops-before-it-is-ready ()
  (explog-server-tests-with nil
    (let ((queued (explog-server-tests-collect 'noop nil)))
      (explog-server-stop)
      (should (equal "server-died"
                     (nth 1 (explog-server-tests-end-of queued))))
      (should-not explog-server-tests-messages))))

(ert-deftest explog-server-starts-from-a-remote-folder ()
  (explog-server-tests-with nil
    (let ((default-directory "/ssh:nowhere.invalid:/tmp/"))
      (should (equal '("a") (explog-server-call-sync 'echo '("a")))))))

(ert-deftest explog-server-takes-warnings-on-stderr ()
  (explog-server-tests-with '("noisy")
    (explog-server-tests-ready)
    (explog-server-tests-until
     (lambda ()
       (with-current-buffer "*explog stderr*"
         (string-match-p "DeprecationWarning" (buffer-string)))))
    ;; The server lives on with nowhere to write to.
    (kill-buffer "*explog stderr*")
    (should (equal "internal" (car (explog-server-tests-error 'boom nil))))
    (should-not (explog-server-call-sync 'noop nil))))

(ert-deftest explog-server-starts-though-emacs-is-busy ()
  (explog-server-tests-with nil
    (let ((explog-server--start-timeout 1)
          (dial (symbol-function 'explog-server--dial))
          (dialled 0))
      (cl-letf (((symbol-function 'explog-server--dial)
                 (lambda (&rest args)
                   (apply dial args)
                   (when (= 1 (cl-incf dialled)) ; longer than the server waits
                     (call-process "sleep" nil nil nil "6")))))
        (explog-server-tests-ready)
        (should (= 2 dialled))
        (should-not explog-server-tests-messages)))))

(ert-deftest explog-server-token-is-random ()
  (let ((tokens (list (explog-server--token) (explog-server--token))))
    (dolist (token tokens)
      (should (string-match-p "\\`[0-9a-f]\\{64\\}\\'" token)))
    (should-not (apply #'equal tokens))))

;;;; Starts that fail

(defun explog-server-tests-fails-to-start (pattern)
  "Check that the server does not start and that PATTERN matches why."
  (let ((queued (explog-server-tests-collect 'noop nil)))
    (pcase-let ((`(error ,code ,message) (explog-server-tests-end-of queued)))
      (should (equal "not-started" code))
      (should (string-match-p pattern message))
      (should (string-match-p pattern (explog-server-last-problem))))
    (should (= 1 (length explog-server-tests-messages)))
    (should (string-prefix-p (explog-server-last-problem)
                             (car explog-server-tests-messages)))
    (should (string-match-p "explog-restart" (car explog-server-tests-messages)))
    ;; Neither kind of call tries again, nor says more.
    (should (equal "not-started"
                   (car (explog-server-tests-error 'noop nil))))
    (should (equal "not-started"
                   (nth 1 (explog-server-tests-end-of
                           (explog-server-tests-collect 'noop nil)))))
    (should-not explog-server-current)
    (should (= 1 (length explog-server-tests-messages)))))

(ert-deftest explog-server-program-is-missing ()
  (explog-server-tests-with nil
    (let ((right explog-server-command)
          stopped)
      (add-hook 'explog-server-stopped-hook (lambda () (push t stopped)))
      (setq explog-server-command '("/nowhere/explog"))
      (explog-server-tests-fails-to-start "/nowhere/explog")
      (should (equal '(t) stopped))
      (setq explog-server-command right)
      (explog-restart)
      (should-not (explog-server-call-sync 'noop nil))
      (should-not (explog-server-last-problem)))))

(ert-deftest explog-server-program-ends ()
  (explog-server-tests-with nil
    (let ((file (make-temp-file "explog-server-")))
      (unwind-protect
          (progn
            (write-region "#!/bin/sh\nread token\nexit 3\n" nil file nil 'silent)
            (set-file-modes file #o755)
            (setq explog-server-command (list file))
            (explog-server-tests-fails-to-start "stopped (.* code 3)\\'"))
        (delete-file file)))))

(ert-deftest explog-server-program-raises ()
  (explog-server-tests-with '("broken")
    (explog-server-tests-fails-to-start
     "ModuleNotFoundError: No module named 'nowhere'")))

(ert-deftest explog-server-program-prints-no-port ()
  (explog-server-tests-with '("chatty")
    (explog-server-tests-fails-to-start "Hello!")))

(ert-deftest explog-server-program-speaks-another-protocol ()
  (explog-server-tests-with '("newer")
    (explog-server-tests-fails-to-start
     (format "protocol %d, the server %d; M-x explog-install-server installs the right one"
             explog-server--protocol (1+ explog-server--protocol)))))

(ert-deftest explog-server-program-takes-too-long ()
  (explog-server-tests-with '("quiet")
    (let ((explog-server--start-timeout 0.3))
      (explog-server-tests-fails-to-start "not ready within 0.3 seconds"))))

(ert-deftest explog-server-finds-the-program ()
  (let* ((folder (make-temp-file "explog-server-" t))
         (process-environment process-environment)
         (explog-source-folder (expand-file-name "elisp/" folder))
         (exec-path (list (expand-file-name "bin" folder)))
         (explog-server-directory (expand-file-name "emacs/explog/" folder))
         (explog-server-command nil)
         (programs '("emacs/explog/server/bin/explog" "bin/explog"
                     ".venv/bin/explog")))
    (unwind-protect
        (progn
          (should-error (explog-server-find-command))
          (dolist (program programs)    ; each one wins over those before
            (let ((file (expand-file-name program folder)))
              (make-directory (file-name-directory file) t)
              (write-region "" nil file nil 'silent)
              (set-file-modes file #o755)
              (should (equal (list file "serve") (explog-server-find-command)))))
          (let ((explog-server-command '("explog" "--verbose")))
            (should (equal '("explog" "--verbose" "serve")
                           (explog-server-find-command))))
          (let ((explog-server-command '("nowhere")))
            (should-error (explog-server-find-command))))
      (delete-directory folder t))))

;;;; Calls

(ert-deftest explog-server-values-go-there-and-back ()
  (explog-server-tests-with nil
    (let ((value (list "é" 1 -2.5 1e30 nil t 'symbol :key "" '(("nested") 3))))
      (should (equal value (explog-server-call-sync "echo" value)))
      (should (equal '((1 ("x"))) (explog-server-call-sync 'echo '([1 ["x"]]))))
      (should (equal-including-properties
               '("bold")
               (explog-server-call-sync
                'echo (list (propertize "bold" 'face 'bold)))))
      (let ((print-length 1) (print-level 1) (print-escape-newlines t)
            (long (number-sequence 1 5000)))
        (should (equal (list long "a\nb")
                       (explog-server-call-sync 'echo (list long "a\nb")))))
      (should-error (explog-server-call 'echo (list (current-buffer)))
                    :type 'wrong-type-argument))))

(defun explog-server-tests-adversaries ()
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

(ert-deftest explog-server-strings-of-emacs-survive ()
  (explog-server-tests-with nil
    (let* ((sent (explog-server-tests-adversaries))
           (came (explog-server-call-sync 'echo sent)))
      (should (= 600 (length came)))
      (cl-mapc (lambda (a b)
                 (should (equal (string-to-multibyte a) (string-to-multibyte b))))
               sent came))
    (let ((latin (encode-coding-string "é\303" 'utf-8)))
      (should (equal "é" (car (explog-server-call-sync
                               'echo (list (substring latin 0 2)))))))))

(ert-deftest explog-server-strings-of-the-server-survive ()
  (explog-server-tests-with nil
    (dolist (seed '(1 2))
      (pcase-let ((`(,list ,bulk) (explog-server-call-sync
                                   'adversaries (list seed))))
        (should (= 300 (length list)))
        (should (vectorp bulk))
        (should (equal list (append bulk nil)))
        (should-not (explog-server-call-sync 'differences (list seed list)))
        (should (explog-server-call-sync
                 'differences (list seed (cons "other" (cdr list)))))))))

(ert-deftest explog-server-bulk-has-no-null ()
  (explog-server-tests-with nil
    (let* ((reply (explog-server-call-sync 'rows '(3)))
           (hit (aref (plist-get reply :hits) 2)))
      (should (= 3 (plist-get reply :total)))
      (should (equal "Try \"décay\" 2" (aref hit 3)))
      (should (equal 2 (aref hit 6)))
      (should (null (aref hit 7))))))

(ert-deftest explog-server-errors-have-code-message-and-data ()
  (explog-server-tests-with nil
    (should (equal '("toy" "as asked" (:line 7 :names ("a" "b")))
                   (explog-server-tests-error 'boom '("explog"))))
    (should (equal '("internal" "ZeroDivisionError: division by zero" nil)
                   (explog-server-tests-error 'boom nil)))
    (should (equal "unknown-method"
                   (car (explog-server-tests-error 'nowhere nil))))
    (should (equal "bad-arguments"
                   (car (explog-server-tests-error 'noop '(1)))))
    (should (equal "reply-too-large"
                   (car (explog-server-tests-error 'big '(#xffffff)))))
    (let (problem)
      (explog-server-call 'boom '("explog")
                          :success (lambda (_) (ert-fail "success"))
                          :error (lambda (it) (setq problem it)))
      (explog-server-tests-until (lambda () problem))
      (should (equal "toy" (plist-get problem :code)))
      (should (equal "as asked" (plist-get problem :message)))
      (should (equal '(:line 7 :names ("a" "b")) (plist-get problem :data))))))

(ert-deftest explog-server-errors-that-nobody-takes-are-logged ()
  (explog-server-tests-with nil
    (explog-server-ring 'boom "explog") ; not ready: nothing happens
    (should-not explog-server-current)
    (explog-server-tests-ready)
    (explog-server-ring 'boom "explog")
    (explog-server-tests-until
     (lambda () (with-current-buffer (get-buffer-create "*explog events*")
                  (string-match-p "boom failed: as asked (toy)" (buffer-string)))))
    (should-not explog-server-tests-messages)))

(ert-deftest explog-server-large-requests ()
  (explog-server-tests-with nil
    (let ((large (make-string 3000000 ?é)))
      (should (equal (list large)
                     (explog-server-call-sync 'echo (list large)))))
    (let* ((too-large (list (make-string #x1000000 ?x)))
           (ends (explog-server-tests-collect 'echo too-large)))
      (should (equal "request-too-large"
                     (nth 1 (explog-server-tests-end-of ends))))
      (should (equal "request-too-large"
                     (car (explog-server-tests-error 'echo too-large)))))
    (should-not (explog-server-call-sync 'noop nil))))

(ert-deftest explog-server-calls-before-ready-wait ()
  (explog-server-tests-with nil
    (let ((calls (mapcar (lambda (n) (explog-server-tests-collect 'echo (list n)))
                         (number-sequence 1 20))))
      (should-not (explog-server-ready-p))
      (should (equal '(0) (explog-server-call-sync 'echo '(0))))
      (should (equal (mapcar (lambda (n) `(success (,n))) (number-sequence 1 20))
                     (mapcar #'explog-server-tests-end-of calls))))))

(ert-deftest explog-server-calls-before-ready-time-out ()
  (explog-server-tests-with '("quiet")
    (let ((early (explog-server-tests-collect 'noop nil 0.1)))
      (should (equal "timeout" (nth 1 (explog-server-tests-end-of early))))
      (should (equal "timeout"
                     (car (explog-server-tests-error 'noop nil :timeout 0.1)))))))

(ert-deftest explog-server-late-answers-are-ignored ()
  (explog-server-tests-with nil
    (explog-server-tests-ready)
    (let ((late (explog-server-tests-collect 'slow '(0.5) 0.1)))
      (should (equal "timeout"
                     (car (explog-server-tests-error 'slow '(0.5) :timeout 0.1))))
      (should (equal "timeout" (nth 1 (explog-server-tests-end-of late))))
      ;; Two answers are under way; after them comes that of this call.
      (should (equal "slept" (explog-server-call-sync 'slow '(0.6))))
      (should (= 1 (length (funcall late))))
      (should (= 0 (hash-table-count
                    (explog-rpc-calls explog-server-current)))))))

(ert-deftest explog-server-fast-calls-overtake-slow-ones ()
  (explog-server-tests-with nil
    (explog-server-tests-ready)
    (let ((slow (explog-server-tests-collect 'wait '("gate"))))
      (dotimes (n 50)
        (should (equal (list n) (explog-server-call-sync 'echo (list n)))))
      (should-not (funcall slow))
      (explog-server-call 'open '("gate"))
      (should (equal '(success "gate") (explog-server-tests-end-of slow))))))

(ert-deftest explog-server-answers-come-during-a-synchronous-call ()
  (explog-server-tests-with nil
    (explog-server-tests-ready)
    (let ((calls (mapcar (lambda (n) (explog-server-tests-collect 'echo (list n)))
                         (number-sequence 1 20))))
      (should (equal "slept" (explog-server-call-sync 'slow '(0.3))))
      (should (equal (mapcar (lambda (n) `(success (,n))) (number-sequence 1 20))
                     (mapcar #'explog-server-tests-end-of calls))))))

(ert-deftest explog-server-input-cancels ()
  (explog-server-tests-with nil
    (explog-server-tests-ready)
    (cl-letf (((symbol-function 'sit-for)
               (lambda (&rest _) (accept-process-output nil 0.1) nil)))
      (should (eq 'typed (explog-server-call-sync
                          'slow '(0.5) :cancel-on-input 'typed))))
    (should (= 0 (hash-table-count (explog-rpc-calls explog-server-current))))
    (should (equal "slept" (explog-server-call-sync 'slow '(0.6))))
    (should (equal "slept" (explog-server-call-sync
                            'slow '(0) :cancel-on-input 'typed)))))

(ert-deftest explog-server-quit-leaves-a-synchronous-call ()
  (explog-server-tests-with nil
    (explog-server-tests-ready)
    (run-at-time 0.1 nil #'signal 'quit nil)
    (should (eq 'quit (let ((debug-on-quit nil))
                        (condition-case nil
                            (explog-server-call-sync 'slow '(0.5))
                          (quit 'quit)))))
    (should (= 0 (hash-table-count (explog-rpc-calls explog-server-current))))
    (should (equal "slept" (explog-server-call-sync 'slow '(0.6))))))

(ert-deftest explog-server-errors-in-callbacks-stay-there ()
  (explog-server-tests-with nil
    (explog-server-tests-ready)
    (let ((debug-on-error nil))
      (explog-server-call 'noop nil :success (lambda (_) (error "Mine")))
      (explog-server-call 'boom nil :error (lambda (_) (error "Mine too")))
      (explog-server-tests-until
       (lambda () (= 2 (length explog-server-tests-messages)))))
    (should-not (explog-server-call-sync 'noop nil))))

;;;; Death

(ert-deftest explog-server-death-ends-all-calls ()
  (explog-server-tests-with nil
    (explog-server-tests-ready)
    (let ((calls (list (explog-server-tests-collect 'slow '(30))
                       (explog-server-tests-collect 'slow '(30))
                       (explog-server-tests-collect 'slow '(30)))))
      (run-at-time 0.1 nil #'explog-server-tests-kill)
      (let ((begun (float-time)))
        (should (equal "server-died"
                       (car (explog-server-tests-error 'slow '(30)))))
        (should (equal '("server-died" "server-died" "server-died")
                       (mapcar (lambda (call)
                                 (nth 1 (explog-server-tests-end-of call)))
                               calls)))
        (should (< (- (float-time) begun) 15))))))

(ert-deftest explog-server-death-of-an-old-server-starts-another ()
  (explog-server-tests-with nil
    (let ((explog-server--young 0) (stopped 0))
      (add-hook 'explog-server-stopped-hook (lambda () (cl-incf stopped)))
      (explog-server-tests-ready)
      (let ((first (explog-server-call-sync 'pid nil)))
        (explog-server-call-sync 'warn '("so long"))
        (explog-server-tests-kill)
        (explog-server-tests-until (lambda () (= stopped 1)))
        (with-current-buffer "*explog events*"
          (should (string-match-p "stopped (killed): so long" (buffer-string))))
        (should (eq 'waiting (explog-rpc-state explog-server-current)))
        ;; A call waits for the restart, which comes by itself.
        (let ((queued (explog-server-tests-collect 'pid nil)))
          (should (eq 'waiting (explog-rpc-state explog-server-current)))
          (should-not (= first (nth 1 (explog-server-tests-end-of queued))))))
      ;; The next restart would come in two seconds, but not for a user.
      (explog-server-tests-kill)
      (explog-server-tests-until (lambda () (= stopped 2)))
      (with-current-buffer "*explog events*"
        (should (string-match-p "stopped (killed)$" (buffer-string))))
      (should (= 2 (explog-rpc-deaths explog-server-current)))
      (should (eq 'waiting (explog-rpc-state explog-server-current)))
      (should (explog-server-call-sync 'pid nil))
      (should-not explog-server-tests-messages)
      (should-not (explog-server-last-problem)))))

(ert-deftest explog-server-restarts-come-later-each-time ()
  (let ((explog-server-current (explog-rpc-make-connection 0))
        delays)
    (cl-letf (((symbol-function 'explog-server--set-timer)
               (lambda (_ seconds &rest _) (push seconds delays))))
      (dolist (age '(5 5 5 5 5 5 5 5 70 5))
        (explog-server--revive explog-server-current age)))
    (should (equal '(1 2 4 8 16 32 60 60 1 2) (nreverse delays)))))

(ert-deftest explog-server-stop-ends-a-restart ()
  (explog-server-tests-with nil
    (let ((explog-server--young 0))
      (explog-server-tests-ready)
      (explog-server-tests-kill)
      (explog-server-tests-until (lambda () (not (explog-server-ready-p))))
      (should (= 1 (explog-server-tests-launches)))
      (let ((queued (explog-server-tests-collect 'noop nil)))
        (explog-server-stop)
        (should (equal "server-died"
                       (nth 1 (explog-server-tests-end-of queued)))))
      (should (= 0 (explog-server-tests-launches)))
      (should-not explog-server-current)
      (should-not (explog-server-tests-processes)))))

(ert-deftest explog-server-death-of-a-young-server-is-the-last ()
  (explog-server-tests-with '("young")
    (explog-server-tests-ready)
    (kill-buffer (get-buffer-create "*explog events*"))
    (let ((running (explog-server-tests-collect 'slow '(30))))
      (should (equal "server-died"
                     (nth 1 (explog-server-tests-end-of running)))))
    (should-not explog-server-current)
    (should (string-match-p "toy: dying as asked" (explog-server-last-problem)))
    (should (= 1 (length explog-server-tests-messages)))
    (should (= 0 (explog-server-tests-launches)))
    (explog-server-tests-until (lambda () (not (explog-server-tests-processes))))
    (should (equal "not-started" (car (explog-server-tests-error 'noop nil))))))

(ert-deftest explog-server-garbage-from-the-server-ends-it ()
  (explog-server-tests-with nil
    (explog-server-tests-ready)
    (let ((running (explog-server-tests-collect 'slow '(30))))
      (explog-rpc-filter (explog-rpc-socket explog-server-current)
                             "no EPC")
      (should (equal "server-died" (nth 1 (explog-server-tests-end-of running))))
      (should (string-match-p "other than EPC" (explog-server-last-problem))))))

;;;; Calls from the server

(defun explog-server-tests-call-back (method &rest args)
  "Have the server call METHOD with ARGS, and return what it got."
  (explog-server-call-sync 'call-back (list method args)))

(ert-deftest explog-server-the-server-calls-emacs ()
  (explog-server-tests-with nil
    (explog-server-define 'add #'+)
    (explog-server-define "text" (lambda (text) (list (upcase text) nil :k)))
    (should (equal '(:value 6) (explog-server-tests-call-back "add" 1 2 3)))
    (should (equal '(:value ("É" nil :k))
                   (explog-server-tests-call-back "text" "é")))))

(ert-deftest explog-server-calls-from-the-server-nest ()
  (explog-server-tests-with nil
    (explog-server-define 'add #'+)
    (explog-server-define
     'again (lambda () (explog-server-call-sync 'echo '("inner"))))
    (should (equal '(:value ("inner")) (explog-server-tests-call-back "again")))
    (let ((outer (explog-server-tests-collect 'call-back '("add" (1 2)))))
      (should (equal '(:value 7) (explog-server-tests-call-back "add" 3 4)))
      (should (equal '(success (:value 3)) (explog-server-tests-end-of outer))))))

(ert-deftest explog-server-errors-in-emacs-reach-the-server ()
  (explog-server-tests-with nil
    (explog-server-define 'fails (lambda () (error "No %s" "luck")))
    (explog-server-define 'quits (lambda () (signal 'quit nil)))
    (explog-server-define
     'explog (lambda () (signal 'explog-error '("my-code" "my message" (1)))))
    (explog-server-define 'asks (lambda () (read-string "Name: ")))
    (explog-server-define 'throws (lambda () (throw 'explog-server-tests 'thrown)))
    (explog-server-define 'unreadable #'current-buffer)
    (pcase-dolist (`(,method ,code ,message)
                   '(("fails" "emacs-error" "No luck")
                     ("quits" "emacs-error" "Quit")
                     ("explog" "my-code" "my message")
                     ("asks" "emacs-error" "interaction")
                     ("unreadable" "unencodable" "explog-rpc-data")
                     ("add" "unknown-method" "add")))
      (let ((answer (explog-server-tests-call-back method)))
        (should (equal code (plist-get answer :code)))
        (should (string-match-p message (plist-get answer :message)))))
    (let ((outer (explog-server-tests-collect 'call-back '("throws" nil))))
      (should (eq 'thrown (catch 'explog-server-tests
                            (explog-server-tests-until outer))))
      (should (equal "aborted" (plist-get (nth 1 (explog-server-tests-end-of outer))
                                          :code))))))

(ert-deftest explog-server-calls-from-the-server-leave-no-trace ()
  (explog-server-tests-with nil
    (let (where)
      (explog-server-define 'changes (lambda ()
                                       (setq where (current-buffer))
                                       (insert "something")
                                       (string-match "x" "xxx")
                                       inhibit-quit))
      (explog-server-tests-ready)
      (with-temp-buffer
        (insert "text")
        (let ((outer (explog-server-tests-collect 'call-back '("changes" nil))))
          (string-match "\\(b\\)" "abc")
          (while (not (funcall outer)) (accept-process-output nil 0.1))
          (should (equal '(1 2 1 2) (match-data)))
          (should (equal '((success (:value t))) (funcall outer))))
        (should (equal "text" (buffer-string)))
        (should-not (eq where (current-buffer)))
        (should-not (buffer-live-p where))))))

;;;; Bytes

(ert-deftest explog-server-frames-come-in-pieces ()
  (let* ((messages (list "(return 1 nil)\n" (make-string 5000000 ?x) "y" "zz"))
         (stream (mapconcat (lambda (message)
                              (format "%06x%s" (length message) message))
                            messages "")))
    (dolist (size '(4096 65536 6000000))
      (let ((input (explog-rpc-make-input)) (start 0) came)
        (while (< start (length stream))
          (let ((end (min (length stream) (+ start size))))
            (setq came (nconc came (explog-rpc--take
                                    input (substring stream start end)))
                  start end)))
        (should (equal messages came))))
    (let ((input (explog-rpc-make-input)) came)
      (mapc (lambda (byte)
              (setq came (nconc came (explog-rpc--take
                                      input (unibyte-string byte)))))
            "000003ab\n00000" )
      (should (equal '("ab\n") came))
      (should (equal '("c") (explog-rpc--take input "1c000")))
      (should-error (explog-rpc--take input "xyz")))))

(ert-deftest explog-server-unreadable-answers-are-errors ()
  (pcase-dolist (`(,bytes ,kind ,id)
                 '(("(return 12 (1 2" "return" 12) ("(return 12 #<buffer>)" "return" 12)
                   ("(call 12 tell (#1=(a #1#)))" "call" 12) (")" nil nil) ("(return x" nil nil)))
    (pcase-let ((`(,what ,of ,for ,problem) (explog-rpc--read bytes)))
      (should (eq 'unreadable what))
      (should (equal (list kind id) (list of for)))
      (should (equal "bad-message" (plist-get problem :code)))))
  (should (equal '(return 1 "é\u2028") (explog-rpc--read
                                        "(return 1 \"\303\251\342\200\250\")\n"))))

;;;; Builds

(ert-deftest explog-server-builds-are-what-python-says ()
  (let ((program (expand-file-name ".venv/bin/python" explog-test-root)))
    (skip-unless (file-executable-p program))
    (with-temp-buffer
      (should (eql 0 (call-process program nil t nil "-c"
                                   "import explog.build as b; print(b.build_id(), end='')")))
      (should (equal (buffer-string)
                     (explog-server-build
                      (expand-file-name "server/explog/" explog-test-root)))))))

(ert-deftest explog-server-of-another-build ()
  (let* ((source (expand-file-name "server/explog/" explog-test-root))
         (build (explog-server-build source)))
    (pcase-dolist (`(,greeting ,other)
                   `(((:server "1" :build ,build) nil)
                     ((:server "1" :build "") nil)      ; it does not know
                     ((:server "1" :build "0123456789ab") t)
                     ((:server "1") t)                  ; older than builds
                     (nil nil)))                        ; no server
      (cl-letf (((symbol-function 'explog-server-greeting) (lambda () greeting)))
        (should (eq other (explog-server-other-build-p)))
        (let ((explog-source-folder "/nowhere/"))
          (should-not (explog-server-other-build-p)))))))

(provide 'explog-server-tests)
;;; explog-server-tests.el ends here
