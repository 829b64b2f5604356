;;; explog-cache-tests.el --- Tests of what is known of experiments  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; The cache with a real server: asked in batches, never waited for, old
;; after a change, empty after the end.  What depends on the order in
;; which answers come is tested without one.

;;; Code:

(require 'explog-test)
(require 'explog-cache)
(require 'explog-complete)

(defconst explog-cache-tests--server
  (or (file-executable-p (expand-file-name ".venv/bin/explog" explog-test-root))
      (executable-find "explog"))
  "Non-nil if there is a server.")

(defvar explog-cache-tests--heard nil
  "What `explog-cache-changed-functions' was called with, the newest first.")

(defun explog-cache-tests--hear (ids)
  "Note that the hook was run for IDS."
  (push ids explog-cache-tests--heard))

(defmacro explog-cache-tests--with-server (text &rest body)
  "Do BODY with a server that has read a log, `file', with TEXT."
  (declare (indent 1) (debug t))
  `(progn
     (skip-unless explog-cache-tests--server)
     (explog-test-in-folder
       (let* ((file (explog-test-write "log.org" ,text))
              (explog-logs (list explog-test-folder))
              (explog-cache-tests--heard nil)
              (inhibit-message t))
         (ignore file)
         (unwind-protect
             (progn
               (add-hook 'explog-cache-changed-functions #'explog-cache-tests--hear)
               (explog-mode 1)
               (explog-test-wait
                "server" (lambda ()
                           (and (explog-server-ready-p) (memq t explog-cache-tests--heard))))
               ,@body)
           (remove-hook 'explog-cache-changed-functions #'explog-cache-tests--hear)
           (explog-mode -1)
           (mapc #'delete-process (process-list)))))))

(defmacro explog-cache-tests--counting (calls &rest body)
  "Do BODY and push the calls of the server that it makes to CALLS."
  (declare (indent 1) (debug t))
  `(let ((advice (lambda (method args &rest _) (push (cons method args) ,calls))))
     (unwind-protect
         (progn (advice-add 'explog-server-call :before advice)
                ,@body)
       (advice-remove 'explog-server-call advice))))

(defun explog-cache-tests--await (id)
  "Return what is known of ID, as soon as it is."
  (explog-test-wait id (lambda () (explog-cache-get id))))

;;;; One experiment

(ert-deftest explog-cache-test-get ()
  "What is asked for is not there at once, and comes in one request."
  (explog-cache-tests--with-server explog-test-log
    (let (calls)
      (explog-cache-tests--counting calls
        (dolist (id '("201" "202" "999" "201"))
          (should-not (explog-cache-get id)))
        (explog-cache-tests--await "999"))
      (should (equal '(("describe" ("201" "202" "999")) ("running")) calls)))
    (should (eq 'unknown (explog-cache-get "999")))
    (should (equal '("201" "202" "999") (car explog-cache-tests--heard)))
    (let ((found (explog-cache-get "202")))
      (should (equal (list "202" "DEF in XYZ model" "DONE" t file 18 nil nil)
                     (seq-take (append found nil) 8)))
      (should (equal ["1" "X" "Test DEF" "83d45cd" 21 nil nil]
                     (explog-cache-find-step found "1")))
      (should-not (explog-cache-find-step found "2")))))

(ert-deftest explog-cache-test-changes ()
  "A change makes what is known old; it stays of use until the answer."
  (explog-cache-tests--with-server explog-test-log
    (explog-cache-tests--await "201")
    (explog-cache-tests--await "7")
    (let ((before (explog-cache-get "201")))
      (setq explog-cache-tests--heard nil)
      (explog-test-write "log.org" (concat explog-test-log "\n* [7] Seven :exp:\n"))
      (explog-server-ring "ring")
      (explog-test-wait "change" (lambda () explog-cache-tests--heard))
      (should (equal '(t) explog-cache-tests--heard))
      (should (eq before (explog-cache-get "201")))
      (should (eq 'unknown (explog-cache-get "7")))
      (explog-test-wait "answer" (lambda () (cdr explog-cache-tests--heard)))
      ;; What is the same as before is not told of.
      (should (equal '(("7") t) explog-cache-tests--heard))
      (should (equal before (explog-cache-get "201")))
      (should (equal "Seven" (explog-cache-experiment-title (explog-cache-get "7")))))))

(ert-deftest explog-cache-test-unreadable ()
  "A log that cannot be read is told of, and its experiments are unknown."
  (explog-cache-tests--with-server explog-test-log
    (explog-cache-tests--await "201")
    (delete-file file)
    (make-directory file)
    (explog-server-ring "ring")
    (explog-test-wait "loss" (lambda () (eq 'unknown (explog-cache-get "201"))))
    (should (string-search file (car (explog-cache-problems))))))

(ert-deftest explog-cache-test-end ()
  "When the server stops everything is forgotten, and nothing is asked."
  (explog-cache-tests--with-server explog-test-log
    (explog-cache-tests--await "201")
    (should (explog-cache-experiments-fetch))
    (setq explog-cache-tests--heard nil)
    (explog-mode -1)
    (should (memq t explog-cache-tests--heard))
    (let (calls)
      (explog-cache-tests--counting calls
        (should-not (explog-cache-get "201"))
        (should-not (explog-cache-experiments)))
      (should-not calls))
    (should-error (explog-cache-fetch "201") :type 'user-error)
    (should-error (explog-cache-experiments-fetch) :type 'user-error)))

(ert-deftest explog-cache-test-fetch-does-not-wait-long ()
  "A command goes on after a second with what was known, if anything was."
  (explog-cache-tests--with-server explog-test-log
    (explog-cache-tests--await "201")
    (let ((known (explog-cache-experiments-fetch))
          (pid (process-id (explog-rpc-server explog-server-current)))
          (start (float-time)))
      (should known)
      (signal-process pid 'SIGSTOP)
      (unwind-protect
          (progn
            (explog-cache-changed)
            (should (equal known (explog-cache-experiments-fetch)))
            (should (< 0.5 (- (float-time) start) 3))
            (setq explog-cache--all nil)
            (should-error (explog-cache-experiments-fetch) :type 'user-error))
        (signal-process pid 'SIGCONT)))
    (explog-test-wait "list" #'explog-cache-experiments)))

(ert-deftest explog-cache-test-fetch ()
  "A command may wait, and then knows."
  (explog-cache-tests--with-server explog-test-log
    (should (equal "ABC in XYZ model" (explog-cache-experiment-title (explog-cache-fetch "201"))))
    (should (eq 'unknown (explog-cache-fetch "999")))
    (should (explog-cache-get "201"))
    (cl-letf (((symbol-function 'explog-server-call-sync)
               (lambda (&rest _) (signal 'explog-error '("timeout" "No answer in time" nil)))))
      (should (equal '(user-error "No answer in time")
                     (should-error (explog-cache-fetch "201")))))))

;;;; What answers do, in whatever order they come

(defmacro explog-cache-tests--alone (&rest body)
  "Do BODY with an empty cache; ids that are asked for are pushed to `asked'."
  (declare (indent 0) (debug t))
  `(let ((explog-cache--young (make-hash-table :test #'equal))
         (explog-cache--old (make-hash-table :test #'equal))
         (explog-cache--asked (make-hash-table :test #'equal))
         (explog-cache--problems nil)
         (explog-cache--tick 7)
         (asked nil))
     (ignore asked)
     (cl-letf (((symbol-function 'explog-cache--want) (lambda (id) (push id asked))))
       ,@body)))

(defun explog-cache-tests--row (id)
  "Return a row of the server's for experiment ID."
  (vector id "T" nil nil "/log.org" 1 nil nil []))

(ert-deftest explog-cache-test-half-read ()
  "As long as logs are being read, nothing is taken for unknown."
  (explog-cache-tests--alone
    (explog-cache--answered '("1" "2") 7 (list nil [] (vector (explog-cache-tests--row "1"))))
    (should (explog-cache-get "1"))
    (should-not asked)
    (should-not (explog-cache-get "2"))
    (should (equal '("2") asked))
    (explog-cache--answered '("2") 7 '(t [] []))
    (should (eq 'unknown (explog-cache-get "2")))))

(ert-deftest explog-cache-test-late-answer ()
  "An answer that was overtaken by a change is used, and asked for again."
  (explog-cache-tests--alone
    (setq explog-cache--tick 8)
    (explog-cache--answered '("1") 7 (list t [] (vector (explog-cache-tests--row "1"))))
    (should (equal '("1") asked))
    (should (explog-cache-get "1"))
    (should (equal '("1" "1") asked))))

(ert-deftest explog-cache-test-some-changed ()
  "A change of some experiments makes no others old."
  (explog-cache-tests--alone
    (dolist (id '("1" "2"))
      (explog-cache--answered (list id) 7 (list t [] (vector (explog-cache-tests--row id)))))
    (explog-cache-changed '("2" "3"))
    (cancel-function-timers #'run-hook-with-args)
    (should (explog-cache-get "1"))
    (should-not asked)
    (should (explog-cache-get "2"))
    (should (equal '("2") asked))))

(ert-deftest explog-cache-test-size ()
  "However many ids are asked for, few are kept: those of late."
  (explog-cache-tests--alone
    (dotimes (number 10000)
      (explog-cache--answered (list (format "%d" number)) 7 '(t [] []))
      (should (explog-cache-get "0")))
    (should (<= (+ (hash-table-count explog-cache--young)
                   (hash-table-count explog-cache--old))
                (* 2 explog-cache--most)))
    (should (explog-cache-get "9999"))
    (should-not (explog-cache-get "1"))))

;;;; What runs

(ert-deftest explog-cache-test-runs ()
  "What runs is kept, and told of where that is new or over."
  (let ((explog-cache--runs nil)
        (explog-cache-tests--heard nil)
        (explog-cache-changed-functions (list #'explog-cache-tests--hear)))
    (explog-cache--take-runs '(["e201.1" 10 "node7"] ["e7" 20 "node8"]))
    (should (equal '(("e201.1" "node7")) (mapcar #'explog-cache--run-place (explog-cache-runs "201"))))
    (should-not (explog-cache-runs "20"))
    (should (equal '(("201" "7")) explog-cache-tests--heard))
    (explog-cache--take-runs '(["e201.1" 12 "node7"] ["e7" 22 "node8"]))
    (should (equal '(("201" "7")) explog-cache-tests--heard))
    (explog-cache--take-runs '(["e201.1" 14 "node7"]))
    (should (equal '(("7") ("201" "7")) explog-cache-tests--heard))))

;;;; All of them

(ert-deftest explog-cache-test-experiments ()
  "The list comes in the background, in pages, in the order of the logs."
  (explog-cache-tests--with-server
      (mapconcat (lambda (number) (format "* DONE [%d] Title %d :exp:\n" number number))
                 (number-sequence 1 2500) "")
    (let (calls)
      (explog-cache-tests--counting calls
        (should-not (explog-cache-experiments))
        (should-not (explog-cache-experiments))
        (explog-test-wait "list" #'explog-cache-experiments))
      (should (= 3 (length calls))))
    (should (memq nil explog-cache-tests--heard))
    (let ((all (explog-cache-experiments)))
      (should (equal (number-sequence 1 2500)
                     (mapcar (lambda (one) (string-to-number (explog-cache-summary-ident one))) all)))
      (should (equal (vector "1" "Title 1" "DONE" t file 1 nil 0 0 nil)
                     (car all)))
      (explog-test-write "log.org" "* [1] Only :exp:\n* [2] Two :exp:\n** Experiments\n1. [x] a\n")
      (setq explog-cache-tests--heard nil)
      (explog-server-ring "ring")
      (explog-test-wait "change" (lambda () explog-cache-tests--heard))
      (should (eq all (explog-cache-experiments))) ; of use until the new one is there
      (should (equal '("Only" "Two")
                     (mapcar #'explog-cache-summary-title
                             (explog-cache-experiments-fetch))))
      (let ((two (cadr (explog-cache-experiments))))
        (should (= 1 (explog-cache-summary-ticked two)))
        (should (= 1 (explog-cache-summary-steps two)))))))

;;;; Completion

(defun explog-cache-tests--choose (keys function &rest args)
  "Call FUNCTION with ARGS, and take the first candidate for each of KEYS.
Return (VALUE TABLE): what it returns, and what it completed with last."
  (let (seen)
    (cl-letf (((symbol-function 'completing-read)
               (lambda (_prompt table &optional predicate _match initial &rest _)
                 (setq seen table)
                 (let* ((typed (concat initial (pop keys)))
                        (all (completion-all-completions
                              typed table predicate (length typed)
                              (completion-metadata typed table predicate))))
                   (when all (setcdr (last all) nil))
                   (substring-no-properties (or (car all) ""))))))
      (list (apply function args) seen))))

(ert-deftest explog-cache-test-read ()
  "An experiment is chosen by its id or words of its title; most likely ones first."
  (explog-cache-tests--with-server
      (concat explog-test-log "\n* INPROGRESS [20] Deep (odd) [title] :exp:\n"
              "* DONE [202] DEF again :exp:\n")
    (pcase-dolist (`(,typed . ,id) '(("" . "201") ("202" . "202") ("20 " . "20")
                                     ("Deep" . "20") ("XYZ" . "201")
                                     ("deep" . "20") ("xyz" . "201")))
      (should (equal id (car (explog-cache-tests--choose
                              (list typed) #'explog-read-experiment "? ")))))
    (pcase-let* ((`(,_ ,table) (explog-cache-tests--choose
                                '("") #'explog-read-experiment "? "))
                 (metadata (completion-metadata "" table nil))
                 (get (lambda (key) (completion-metadata-get metadata key))))
      (should (eq 'explog-experiment (funcall get 'category)))
      (should (equal '("201 ABC in XYZ model" "20 Deep (odd) [title]" "202 DEF in XYZ model")
                     (all-completions "" table)))
      (should (equal '(("201 ABC in XYZ model" "TODO       " "  [0/2]"))
                     (mapcar (lambda (parts) (mapcar #'substring-no-properties parts))
                             (funcall (funcall get 'affixation-function)
                                      '("201 ABC in XYZ model")))))
      (should (equal "log.org" (funcall (funcall get 'group-function)
                                        "201 ABC in XYZ model" nil))))
    (should (equal "202" (car (explog-cache-tests--choose
                               '("") #'explog-read-experiment "? " nil
                               #'explog-cache-summary-done))))
    (should-error (explog-read-experiment "? " nil #'ignore) :type 'user-error)
    (should-error (explog-cache-tests--choose '("nothing like it")
                                              #'explog-read-experiment "? ")
                  :type 'user-error)
    (should (equal "201.2" (car (explog-cache-tests--choose
                                 '("201" "2") #'explog-read-reference "? "))))
    (should (equal "201" (car (explog-cache-tests--choose
                               '("201" "x") #'explog-read-reference "? "))))
    (should (equal "20" (car (explog-cache-tests--choose
                              '("20 ") #'explog-read-reference "? "))))))

(provide 'explog-cache-tests)
;;; explog-cache-tests.el ends here
