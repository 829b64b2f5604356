;;; explog-mode-tests.el --- Tests of explog-mode  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; The mode on, off and on again, with a real server where one is needed;
;; what it costs, and what it leaves behind: nothing.

;;; Code:

(require 'cl-lib)
(require 'ert)
(require 'explog)
(require 'explog-test-wait)
(require 'subr-x)

(defvar explog-server-ready-hook)
(defvar explog-server-stopped-hook)
(defvar explog-server-command)
(defvar explog-settings--right)
(defvar explog-settings-problems)
(defvar org-agenda-custom-commands)
(defvar org-capture-templates)
(defvar org-todo-keywords)
(declare-function explog-commit-ring-for-log "explog-commit" ())
(declare-function explog-settings--options "explog-settings" ())
(declare-function explog-server-call-sync "explog-server" (method args &rest keys))
(declare-function explog-server-ready-p "explog-server" ())

(defconst explog-mode-tests--server
  (or (file-executable-p (expand-file-name ".venv/bin/explog" explog-test-root))
      (executable-find "explog"))
  "Non-nil if there is a server.")

;;;; Helpers

(defun explog-mode-tests--messages (function)
  "Call FUNCTION and return what was said."
  (let ((inhibit-message t))
    (with-current-buffer (messages-buffer)
      (let ((inhibit-read-only t)) (erase-buffer)))
    (funcall function)
    (with-current-buffer (messages-buffer)
      (string-trim (buffer-string)))))

(defmacro explog-mode-tests--with-mode (&rest body)
  "Do BODY, and turn `explog-mode' off whatever happens."
  (declare (indent 0) (debug t))
  `(let ((explog-logs nil) (explog-repositories nil) (explog-projects nil)
         (inhibit-message t))
     (unwind-protect
         (progn ,@body)
       (explog-mode -1)
       (when (featurep 'explog-server)
         (mapc #'delete-process (process-list))))))

(defmacro explog-mode-tests--with-server (&rest body)
  "Do BODY with a log in a new folder, `folder', and a server that is ready."
  (declare (indent 0) (debug t))
  `(progn
     (skip-unless explog-mode-tests--server)
     (let ((folder (file-name-as-directory (make-temp-file "explog mode é-" t)))
           (buffers (buffer-list)))
       (unwind-protect
           (explog-mode-tests--with-mode
             (write-region "* [1] A :exp:\n" nil (expand-file-name "log.org" folder) nil 'silent)
             (setq explog-logs (list (expand-file-name "log.org" folder)))
             (explog-mode 1)
             (explog-test-wait "server" #'explog-server-ready-p)
             ,@body)
         (dolist (buffer (seq-difference (buffer-list) buffers))
           (when (buffer-file-name buffer)
             (with-current-buffer buffer (set-buffer-modified-p nil))
             (kill-buffer buffer)))
         (delete-directory folder t)))))

(defun explog-mode-tests--snapshot ()
  "Return all that the mode could change, as one value."
  (let ((variables nil) (watchers nil) (advised nil))
    (mapatoms
     (lambda (symbol)
       (when (and (boundp symbol)
                  (string-match-p "\\(?:-hook\\|-functions\\|-mode\\|-map\\|-alist\\|-templates\\|-commands\\|\\`explog-[a-z].*\\)\\'"
                                  (symbol-name symbol)))
         (push (cons symbol (prin1-to-string (symbol-value symbol))) variables))
       (when-let ((functions (and (boundp symbol) (get-variable-watchers symbol))))
         (push (cons symbol functions) watchers))
       (when (and (fboundp symbol) (advice--p (advice--symbol-function symbol)))
         (push (cons symbol (prin1-to-string (symbol-function symbol))) advised))))
    (list :variables (sort variables (lambda (a b) (string< (car a) (car b))))
          :watchers (sort watchers (lambda (a b) (string< (car a) (car b))))
          :advised (sort advised (lambda (a b) (string< (car a) (car b))))
          :timers (explog-mode-tests--functions timer-list)
          :idle-timers (explog-mode-tests--functions timer-idle-list)
          :processes (seq-filter #'process-live-p (process-list))
          :global-map (prin1-to-string (current-global-map))
          :mode-line (prin1-to-string global-mode-string))))

(defun explog-mode-tests--functions (timers)
  "Return the functions of TIMERS that may be ours."
  (seq-filter (lambda (function)
                (or (not (symbolp function))
                    (string-prefix-p "explog" (symbol-name function))))
              (mapcar #'timer--function timers)))

(defun explog-mode-tests--should-be-same (before after)
  "Fail unless the snapshots BEFORE and AFTER are the same, and say what differs."
  (cl-loop for (key one) on before by #'cddr
           for other = (plist-get after key)
           do (should (equal (list key (if (listp one) (seq-difference one other) one)
                                   (if (listp other) (seq-difference other one) other))
                             (list key (if (listp one) nil one) (if (listp other) nil one))))))

(defun explog-mode-tests--traces ()
  "Return what in Emacs, outside of explog, knows of functions of explog."
  (let (traces)
    (mapatoms
     (lambda (symbol)
       (unless (or (string-prefix-p "explog-" (symbol-name symbol))
                   (eq symbol 'kill-emacs-hook)) ; that of init.el
         (dolist (value (list (and (boundp symbol)
                                   (string-match-p "-\\(?:hook\\|functions\\)\\'" (symbol-name symbol))
                                   (default-value symbol))
                              (and (fboundp symbol)
                                   (advice--p (advice--symbol-function symbol))
                                   (symbol-function symbol))))
           (when (string-match-p "explog-" (prin1-to-string value))
             (push symbol traces))))
       (when (and (boundp symbol)
                  (string-match-p "explog-" (prin1-to-string (get-variable-watchers symbol))))
         (push symbol traces))))
    traces))

(defun explog-mode-tests--emacs (&rest forms)
  "Evaluate FORMS in an Emacs of its own, and return what the last one returns."
  (with-temp-buffer
    (let ((status (call-process
                   (expand-file-name invocation-name invocation-directory) nil '(t nil) nil
                   "-Q" "--batch" "-l" (expand-file-name "tests/elisp/init.el" explog-test-root)
                   "--eval" (prin1-to-string `(princ (concat "\n=" (prin1-to-string (progn ,@forms))))))))
      (should (eq status 0))
      (goto-char (point-min))
      (search-forward "\n=")
      (read (current-buffer)))))

;;;; On and off

(ert-deftest explog-mode-test-on-off-on ()
  "On and off again leaves everything as it was, whatever is loaded."
  (explog-mode-tests--with-mode
    (require 'org-capture)
    (require 'org-agenda)
    (require 'magit nil t)
    (require 'vc)
    (explog-mode 1)                     ; loads what it needs
    (explog-mode -1)
    (let ((off (explog-mode-tests--snapshot)))
      (explog-mode 1)
      (let ((on (explog-mode-tests--snapshot)))
        (should-not (equal on off))
        (should (memq #'explog-commit-ring (default-value 'vc-checkin-hook)))
        (should (advice-member-p 'explog-capture-around 'org-capture))
        (should (advice-member-p 'explog-agenda-around 'org-agenda))
        (should (explog-mode-tests--traces))
        (explog-mode -1)
        (should-not (explog-mode-tests--traces))
        (explog-mode-tests--should-be-same off (explog-mode-tests--snapshot))
        (explog-mode 1)
        (setq on (cl-remove 'explog-since (plist-get on :variables) :key #'car))
        (should-not (seq-difference
                     on (cl-remove 'explog-since
                                   (plist-get (explog-mode-tests--snapshot) :variables)
                                   :key #'car)))))))

(ert-deftest explog-mode-test-on-twice ()
  "Turned on twice, it is on once; what was committed between is not forgotten."
  (explog-mode-tests--with-mode
    (explog-mode 1)
    (explog-mode -1)
    (let ((off (explog-mode-tests--snapshot)))
      (explog-mode 1)
      (let ((since explog-since))
        (explog-test-wait "the clock" (lambda () (< since (float-time))))
        (explog-mode 1)
        (should (equal since explog-since)))
      (explog-mode -1)
      (explog-mode -1)
      (explog-mode-tests--should-be-same off (explog-mode-tests--snapshot)))))

(ert-deftest explog-mode-test-users-options-stay ()
  "No option of the user's is touched, not even while the mode is on."
  (explog-mode-tests--with-mode
    (require 'org-capture)
    (require 'org-agenda)
    (let* ((templates '(("t" "x" entry (file "x") "* x")))
           (commands '(("c" . "x") ("ci" agenda "")))
           (org-capture-templates templates)
           (org-agenda-custom-commands commands)
           (keys (prin1-to-string (current-global-map))))
      (explog-mode 1)
      (should (eq org-capture-templates templates))
      (should (eq org-agenda-custom-commands commands))
      (should (equal keys (prin1-to-string (current-global-map))))
      (explog-mode -1)
      (should (eq org-capture-templates templates))
      (should (eq org-agenda-custom-commands commands)))))

(ert-deftest explog-mode-test-magit-later ()
  "Hooks of magit that have functions from the start keep them."
  (skip-unless (locate-library "magit"))
  (pcase-let ((`(,default ,on ,off)
               (explog-mode-tests--emacs
                '(require 'explog)
                '(explog-mode 1)
                '(require 'magit)
                '(list (eval (car (get 'magit-post-refresh-hook 'standard-value)) t)
                       magit-post-refresh-hook
                       (progn (explog-mode -1) magit-post-refresh-hook)))))
    (should (equal default off))
    (should (equal on (cons 'explog-commit-ring default)))))

;;;; What it costs

(ert-deftest explog-mode-test-loads-nothing ()
  "Neither to load explog nor to turn it on loads org, magit or the bridge."
  (should-not (explog-mode-tests--emacs
               '(require 'explog)
               '(seq-filter #'featurep '(org magit jsonrpc tramp wid-edit
                                             explog-log explog-server))))
  (should-not (explog-mode-tests--emacs
               '(require 'explog)
               '(setq explog-logs '("~/a.org") after-init-time nil)
               '(explog-mode 1)
               '(seq-filter #'featurep '(org org-capture org-agenda magit jsonrpc tramp wid-edit
                                             explog-server explog-log))))
  (should (equal '(explog--start)
                 (explog-mode-tests--emacs
                  '(require 'explog)
                  '(setq explog-logs '("~/a.org") after-init-time nil)
                  '(explog-mode 1)
                  'emacs-startup-hook))))

(ert-deftest explog-mode-test-loads-fast ()
  "It costs a few milliseconds; the limits are for machines under load."
  (let* ((elisp (expand-file-name "elisp" explog-test-root))
         (folder (make-temp-file "explog-elc-" t))
         (times
          (unwind-protect
              (progn
                (dolist (file (directory-files elisp t "\\`explog.*\\.el\\'"))
                  (copy-file file (file-name-as-directory folder)))
                (explog-mode-tests--emacs
                 `(push ,folder load-path)
                 '(require 'explog)
                 '(explog-mode 1)
                 `(dolist (file (mapcar #'car load-history))
                    (when (and file (string-prefix-p ,folder file))
                      (byte-compile-file file))))
                (explog-mode-tests--emacs
                 `(cl-flet ((cpu () (* 1000 (float-time (get-internal-run-time)))))
                    (push ,folder load-path)
                    (require 'seq)
                    (let ((start (cpu)) loaded on)
                      (require 'explog)
                      (setq loaded (cpu)
                            after-init-time nil)
                      (explog-mode 1)
                      (setq on (cpu))
                      (unless (string-suffix-p ".elc" (symbol-file 'explog-mode))
                        (error "Not compiled"))
                      (list (- loaded start) (- on loaded))))))
            (delete-directory folder t))))
    (message "explog: loaded in %.1f ms, turned on in %.1f ms" (car times) (cadr times))
    (should (< 0 (car times) 30))
    (should (< 0 (cadr times) 30))))

(ert-deftest explog-mode-test-autoloads ()
  "In a checkout, too, all that has a cookie is there once explog.el is loaded."
  (let (names)
    (dolist (file (directory-files (expand-file-name "elisp" explog-test-root) t
                                   "\\`explog.*\\.el\\'"))
      (with-temp-buffer
        (insert-file-contents file)
        (while (re-search-forward "^;;;###autoload.*\n([^ \n]+ \\([^ \n]+\\)" nil t)
          (push (intern (match-string 1)) names))))
    (should (memq 'explog-note names))
    (should-not (explog-mode-tests--emacs
                 '(require 'explog)
                 `(seq-remove #'fboundp ',names)))))

(ert-deftest explog-mode-test-nothing-to-serve ()
  "Without logs and repositories nothing is started."
  (explog-mode-tests--with-mode
    (let ((processes (process-list)) (timers (copy-sequence timer-list)))
      (explog-mode 1)
      (explog-test-wait-for-timers timers)
      (should-not (seq-difference (process-list) processes)))))

;;;; Options

(ert-deftest explog-mode-test-bad-options ()
  "A wrong value is said plainly, and the mode is on all the same."
  (pcase-dolist (`(,option ,value)
                 '((explog-logs "~/log.org") (explog-logs (5)) (explog-logs ("a" . "b"))
                   (explog-repositories "~/src") (explog-repositories (("~/src" . "1")))
                   (explog-repositories ((5))) (explog-projects (("a" "b") 5))
                   (explog-tag nil) (explog-steps-heading 5) (explog-results-regexp nil)
                   (explog-tick sometimes) (explog-metrics "metrics.json")
                   (explog-parameters (5)) (explog-trackers "mlruns")))
    (explog-mode-tests--with-mode
      (let ((explog-settings-problems nil)
            (explog-tag "exp") (explog-steps-heading "E") (explog-results-regexp "R")
            (explog-tick 'results) (explog-metrics nil) (explog-parameters nil)
            (explog-trackers nil))
        (setq explog-logs '("/tmp/explog-none.org"))
        (set option value)
        (should (string-prefix-p
                 (format-message "explog: `%s' is %S; it should be " option value)
                 (explog-mode-tests--messages (lambda () (explog-mode 1)))))
        (should explog-mode)))))

(ert-deftest explog-mode-test-types ()
  "Every option has a type that its value fits, and that customize can show."
  (mapc #'require '(explog-server explog-capture explog-agenda cus-edit))
  (let (options)
    (mapatoms (lambda (symbol)
                (when (and (custom-variable-p symbol)
                           (string-prefix-p "explog-" (symbol-name symbol)))
                  (push symbol options))))
    (should (> (length options) 10))
    (dolist (option options)
      (ert-info ((symbol-name option))
        (should (get option 'custom-type))
        (should (widget-apply (widget-convert (get option 'custom-type))
                              :match (eval (car (get option 'standard-value)) t)))
        (unless (eq option 'explog-mode)
          (let ((inhibit-message t))
            (save-window-excursion
              (customize-option option)
              (kill-buffer)))))))
  ;; A log must not be able to say what is read, written or run.
  (dolist (option '(explog-logs explog-repositories explog-projects explog-tag
                    explog-results-regexp explog-tick explog-metrics explog-parameters
                    explog-trackers explog-run-notes explog-capture-log
                    explog-lab explog-lab-publish explog-lab-logs explog-lab-scope
                    explog-server-command explog-agenda-commands))
    (ert-info ((symbol-name option))
      (should (risky-local-variable-p option)))))

(ert-deftest explog-mode-test-settings ()
  "The server is told absolute names on this machine, whatever buffer is current."
  (explog-mode-tests--with-mode
    (let ((explog-logs '("~/a b.org" "é/実験.org" "/ssh:explog.invalid:/x.org"))
          (explog-repositories '("~/src" ("~/more/" . 1) "/ssh:explog.invalid:/r"
                                 ("/sudo::/r" . 2)))
          (explog-projects '(("~/a b.org" "~/src/" "/ssh:explog.invalid:/r")
                             ("/ssh:explog.invalid:/x.org" "~/src")))
          (explog-since 5.5)
          (home (expand-file-name "~")))
      (with-temp-buffer
        (setq-local explog-logs '("/evil") explog-tag "evil")
        (setq default-directory "/ssh:explog.invalid:/")
        (let ((settings (json-parse-string (json-serialize (explog-settings))
                                           :object-type 'alist :array-type 'list)))
          (should (equal (alist-get 'logs settings)
                         (list (concat home "/a b.org") (concat home "/é/実験.org"))))
          (should (equal (alist-get 'repositories settings)
                         `(((path . ,(concat home "/src")) (depth . 0))
                           ((path . ,(concat home "/more")) (depth . 1)))))
          (should (equal (alist-get 'projects settings)
                         `((,(intern (concat home "/a b.org")) ,(concat home "/src")))))
          (should (equal (alist-get 'tag settings) "exp"))
          (should (eq (alist-get 'run_notes settings) t))
          (should (equal (alist-get 'since settings) 5.5)))))))

;; It is defined when org exports for the first time.
(defvar org-export-exclude-tags)

(ert-deftest explog-mode-test-tags-that-are-not-exported ()
  "The server is told which subtrees org does not export, if Emacs knows."
  (require 'explog-settings)
  (explog-mode-tests--with-mode
    (pcase-dolist (`(,value ,sent) '((("noexport" "" "秘密") ["noexport" "秘密"])
                                     (nil [])
                                     (("a" 5) nil)
                                     (("a" . "b") nil)
                                     (7 nil)))
      (let ((org-export-exclude-tags value))
        (should (equal sent (alist-get 'exclude_tags (explog-settings))))))))

(ert-deftest explog-mode-test-off-starts-nothing ()
  "What needs the server says so while the mode is off, and starts none."
  (with-temp-buffer
    (insert "[e201.1]")
    (let ((before (process-list)))
      (pcase-dolist (`(,command . ,arguments)
                     '((explog-search) (explog-search-for "x") (explog-mentions "201")
                       (explog-commits "201") (explog-check) (explog-backfill)))
        (let ((said (cadr (should-error (apply command arguments) :type 'user-error))))
          (should (string-search "explog-mode" said))))
      ;; On, with nothing to look at, there is none either.
      (explog-mode-tests--with-mode
        (explog-mode 1)
        (should (string-search "explog-logs" (cadr (should-error (explog-search)
                                                                 :type 'user-error)))))
      (should (equal before (process-list))))))

(ert-deftest explog-mode-test-customize-shows-all ()
  "`customize-group' shows every option and face, whatever is loaded."
  (let ((shown (explog-mode-tests--emacs
                '(require 'explog)
                '(custom-load-symbol 'explog)
                '(mapcar #'car (get 'explog 'custom-group))))
        (there nil))
    (dolist (file (directory-files (expand-file-name "elisp" explog-test-root) t "\\.el\\'"))
      (with-temp-buffer
        (insert-file-contents file)
        (while (re-search-forward "^(def\\(?:custom\\|face\\) \\([^ \n]+\\)" nil t)
          (push (intern (match-string 1)) there))))
    (should (length> there 20))
    (should-not (seq-difference there shown))))

(ert-deftest explog-mode-test-refused-options ()
  "Options that the server refuses are told of, and not that it ended meanwhile."
  (pcase-dolist (`(,code ,said) '(("bad-config" "explog: why") ("server-died" "")))
    (cl-letf (((symbol-function 'explog-server-ready-p) #'always)
              ((symbol-function 'explog-server-call)
               (lambda (_method _args &rest keys)
                 (funcall (plist-get keys :error) `(:code ,code :message "why")))))
      (should (equal said (explog-mode-tests--messages #'explog-settings-send))))))

(ert-deftest explog-mode-test-todo-keywords ()
  "The user's keywords are told as org understands them."
  (pcase-dolist (`(,value ,open ,done)
                 '((((sequence "TODO(t)" "WAIT(w@/!)" "|" "DONE(d!)" "X(x)")) ["TODO" "WAIT"] ["DONE" "X"])
                   (((sequence "A" "B" "C")) ["A" "B"] ["C"])
                   (((sequence "A" "|") (type "F" "|" "D")) ["A" "F"] ["D"])))
    (let ((org-todo-keywords value))
      (should (equal (explog-settings--todo-keywords) `((todo_open . ,open) (todo_done . ,done))))))
  (dolist (value '(nil 5 "x" (("A" . "B")) (sequence 5) ((sequence 5 "B"))))
    (let ((org-todo-keywords value))
      (should-not (explog-settings--todo-keywords)))))

;;;; Values that are wrong

(defconst explog-mode-tests--wrong
  '(nil t 3 -1 ?e 2.5 "" "x" sym "no/such/folder/" "/ssh:explog.invalid:/x" (1 . 2)
        (3) ("a" 3) ("a" . "b") (("a")) (("~" . "x")) (nil) [1] ["a"] :key (quote car))
  "Values of any type.")

(defun explog-mode-tests--calls (value)
  "Return what fails of all that must work, where an option has VALUE."
  (let ((org-agenda-custom-commands '(("x" "Mine" todo "TODO")))
        (org-capture-templates '(("x" "Mine" entry (file "/tmp/x.org") "* x")))
        (shown 0)
        failed)
    (cl-letf (((symbol-function 'org-agenda)
               (lambda (&rest _) (should (assoc "x" org-agenda-custom-commands))
                 (cl-incf shown)))
              ((symbol-function 'org-capture)
               (lambda (&rest _) (should (assoc "x" org-capture-templates))
                 (cl-incf shown))))
      (dolist (call '((explog-settings-check)
                      (json-serialize (explog-settings))
                      (explog-agenda-around #'org-agenda)
                      (explog-capture-around #'org-capture)
                      (explog-log-buffer-p)
                      (explog-commit-ring-for-log)))
        (condition-case err
            (eval call t)
          (error (push (list value call err) failed)))))
    (unless (= shown 2)
      (push (list value 'shown shown) failed))
    failed))

(ert-deftest explog-mode-test-any-option-may-be-wrong ()
  "Whatever an option holds, it is named and nothing else stops working."
  (require 'explog-settings)
  (require 'explog-commit)
  (require 'org-agenda)
  (require 'org-capture)
  (custom-load-symbol 'explog)
  (let ((inhibit-message t)
        (explog-since 1.0)
        failed)
    (dolist (option (explog-settings--options))
      (let ((before (default-value option)))
        (unwind-protect
            (dolist (value explog-mode-tests--wrong)
              (set-default option value)
              (setq explog-said nil)
              (with-temp-buffer
                (setq buffer-file-name "/tmp/explog-no-such-file.org")
                (dolist (one (explog-mode-tests--calls value))
                  (push (cons option one) failed))
                (setq buffer-file-name nil))
              (unless (eq (not (explog-settings-right-p option))
                          (and (assq option explog-settings-problems) t))
                (push (list option value 'not-named) failed)))
          (set-default option before))))
    (explog-settings-check)
    (should-not failed)
    (should-not explog-settings-problems)))

(ert-deftest explog-mode-test-wrong-value-is-named ()
  "The sentence says what the value is, and what it should be."
  (require 'explog-settings)
  (let ((inhibit-message t))
    (setq explog-settings--right nil)
    (pcase-dolist (`(,option ,value ,expected)
                   '((explog-tag 3 "`explog-tag' is 3; it should be a string")
                     (explog-tick often "`explog-tick' is often; it should be results or always or never")
                     (explog-logs "~/x.org" "`explog-logs' is \"~/x.org\"; it should be a list, each element the name of a file or folder")))
      (let ((before (default-value option))
            (text-quoting-style 'grave))
        (unwind-protect
            (progn
              (set-default option value)
              (should (equal (list (cons option expected)) (explog-settings-check)))
              ;; The others are sent.
              (should (equal (not (eq option 'explog-tag))
                             (and (assq 'tag (explog-settings)) t))))
          (set-default option before)
          (explog-settings-check))))))

;;;; With a server

(defun explog-mode-tests--configures (function)
  "Call FUNCTION, wait, and return how often the server was told the options."
  (let* ((count 0)
         (counter (lambda (method &rest _)
                    (when (equal method "configure")
                      (setq count (1+ count))))))
    (advice-add 'explog-server-call :before counter)
    (unwind-protect
        (progn (funcall function)
               (let ((end (+ (float-time) 0.4)))
                 (while (< (float-time) end)
                   (accept-process-output nil 0.02))))
      (advice-remove 'explog-server-call counter))
    count))

(ert-deftest explog-mode-test-options-reach-the-server ()
  "What is changed while the mode is on reaches the server, once."
  (explog-mode-tests--with-server
    (dolist (change (list (lambda ()
                            (setq explog-tag "exp" explog-tick 'always)
                            (setq explog-repositories (list folder)))
                          (lambda () (customize-set-variable 'explog-tick 'never))
                          (lambda () (set-default 'explog-steps-heading "Experiments"))
                          (lambda () (push (expand-file-name "b.org" folder) explog-logs))
                          (lambda () (let ((org-todo-keywords nil)) org-todo-keywords)
                            (setq org-todo-keywords
                                  (copy-sequence (bound-and-true-p org-todo-keywords))))))
      (should (= 1 (explog-mode-tests--configures change))))
    (dolist (nothing (list #'ignore
                           (lambda () (let ((explog-tag "x")) explog-tag))
                           (lambda () (with-temp-buffer (setq-local explog-tag "x")))))
      (should (= 0 (explog-mode-tests--configures nothing))))
    (should (eq t (plist-get (explog-server-call-sync "status" nil) :configured)))
    (setq explog-tick 'results)))

(ert-deftest explog-mode-test-wrong-option-later ()
  "A wrong value is said, and the server goes on with what it had."
  (explog-mode-tests--with-server
    (let ((said (explog-mode-tests--messages
                 (lambda ()
                   (should (= 1 (explog-mode-tests--configures
                                 (lambda () (setq explog-logs "x"
                                                  explog-tag "run")))))))))
      (should (string-match-p "explog: .explog-logs. is \"x\"; it should be a list" said)))
    (should (explog-server-ready-p))
    (should (equal (vector (expand-file-name "log.org" folder))
                   (alist-get 'logs (explog-settings))))
    (should (equal "run" (alist-get 'tag (explog-settings))))))

(ert-deftest explog-mode-test-nothing-left-to-serve ()
  "With no logs and repositories any more, the server is stopped."
  (explog-mode-tests--with-server
    (setq explog-logs nil)
    (explog-test-wait "end" (lambda () (not (explog-server-ready-p))))
    (setq explog-logs (list (expand-file-name "log.org" folder)))
    (explog-test-wait "server" #'explog-server-ready-p)))

(ert-deftest explog-mode-test-off-leaves-no-process ()
  "Turned off, ready or on the way, it leaves no process and no timer."
  (skip-unless explog-mode-tests--server)
  (explog-mode-tests--with-mode
    (explog-mode 1)
    (explog-mode -1)
    (explog-test-wait "end of others" (lambda () (null (process-list))))
    (let ((timers (length timer-list)))
      (dolist (wait (list #'ignore
                          (lambda () (accept-process-output nil 0.05))
                          (lambda () (explog-test-wait "server" #'explog-server-ready-p))))
        (setq explog-logs '("/tmp/explog none.org"))
        (explog-mode 1)
        (should (process-list))
        (funcall wait)
        (setq explog-tag "exp")         ; to be told of soon
        (explog-mode -1)
        (should-not (explog-server-ready-p))
        (explog-test-wait
         "end" (lambda ()
                 (null (seq-remove (lambda (process)
                                     (equal (process-name process) "explog stderr"))
                                   (process-list)))))
        (explog-test-wait
         "end of timers" (lambda () (<= (length timer-list) timers)))
        (should-not explog--configure-timer)
        (should-not explog-server-ready-hook)))))

(ert-deftest explog-mode-test-hash-in-the-buffer ()
  "From the commit to the hash in the buffer, with the real server."
  (skip-unless (executable-find "git"))
  (explog-mode-tests--with-server
    (let* ((file (expand-file-name "log.org" folder))
           (repository (expand-file-name "repo é/" folder))
           (git (lambda (&rest args)
                  (let ((default-directory repository))
                    (should (eq 0 (apply #'call-process "git" nil nil nil args)))))))
      (write-region "* TODO [1] A [0%] :exp:\n** TODO Experiments [0/1]\n1. [ ] Train\n** Conclusions\n"
                    nil file nil 'silent)
      (with-current-buffer (find-file-noselect file)
        (setq explog-repositories (list repository))
        (make-directory repository)
        (funcall git "init" "-q")
        (funcall git "config" "user.name" "x")
        (funcall git "config" "user.email" "x@example.org")
        (explog-mode-tests--configures (lambda () (setq explog-repositories (list repository))))
        (funcall git "commit" "-q" "--allow-empty" "-m" "[e1.1] Results- it works")
        (explog-commit-ring)
        (explog-test-wait
         "hash" (lambda () (string-match-p "^1\\. \\[X\\] Train ([0-9a-f]\\{7,\\})$" (buffer-string))))
        (explog-test-wait "saved buffer" (lambda () (not (buffer-modified-p))))
        (should (string-match-p "\\[1/1\\]" (buffer-string)))))))

;;;; Doorbells

(ert-deftest explog-mode-test-ring ()
  "The server hears of saved and reverted logs, of commits, and of nothing else."
  (explog-mode-tests--with-server
    (let* ((rings 0)
           (counter (lambda (&rest _) (setq rings (1+ rings)))))
      (advice-add 'explog-server-ring :before counter)
      (unwind-protect
          (cl-flet ((rung (function) (setq rings 0) (funcall function) rings))
            (with-current-buffer (find-file-noselect (expand-file-name "log.org" folder))
              (should (= 1 (rung (lambda () (insert "x") (save-buffer)))))
              (should (= 1 (rung (lambda () (revert-buffer t t))))))
            (with-current-buffer (find-file-noselect (expand-file-name "other.org" folder))
              (should (= 0 (rung (lambda () (insert "x") (save-buffer))))))
            (require 'vc)
            (should (= 1 (rung (lambda () (run-hooks 'vc-checkin-hook)))))
            (explog-mode -1)
            (with-current-buffer (find-file-noselect (expand-file-name "log.org" folder))
              (should (= 0 (rung (lambda () (insert "x") (save-buffer)
                                   (run-hooks 'vc-checkin-hook)))))))
        (advice-remove 'explog-server-ring counter)))))

(ert-deftest explog-mode-test-ring-without-server ()
  "A ring that nobody hears is no error, and loads nothing."
  (should-not (explog-mode-tests--emacs
               '(require 'explog)
               '(explog-mode 1)
               '(explog-commit-ring)
               '(with-temp-buffer (run-hooks 'after-save-hook 'after-revert-hook))
               '(seq-filter #'featurep '(explog-server jsonrpc org)))))

(provide 'explog-mode-tests)
;;; explog-mode-tests.el ends here
