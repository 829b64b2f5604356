;;; explog-doctor.el --- Look at all that explog stands on  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; `explog-doctor' examines the setup and shows what is right and what is
;; wrong, with buttons that mend it.  The findings of Emacs are shown at
;; once.  Those of the server, on git, logs, repositories and the index,
;; follow when they arrive.

;;; Code:

(require 'cl-lib)
(require 'explog-agenda)
(require 'explog-base)
(require 'explog-capture)
(require 'explog-server)
(require 'explog-settings)
(require 'seq)
(require 'subr-x)

(autoload 'explog-mode "explog" nil t)
(autoload 'explog-install-server "explog-install" nil t)

(declare-function org-release "org-version" ())
(defvar org-agenda-custom-commands)
(defvar org-capture-templates)

(defface explog-doctor-right '((t :inherit success))
  "The sign before something that is right."
  :group 'explog)

(defface explog-doctor-wrong '((t :inherit error))
  "The sign before something that is wrong."
  :group 'explog)

(defface explog-doctor-off '((t :inherit shadow))
  "The sign before what does not run, and need not."
  :group 'explog)

(cl-defstruct (explog-doctor-finding (:constructor explog-doctor--finding) (:copier nil))
  "One thing that was looked at."
  (ok t :documentation "Whether it is right, or `off' if it does not run and need not.")
  (text nil :documentation "What was found.")
  (hint nil :documentation "What to do about it, or nil.")
  (label nil :documentation "What mends it, in a word or two, or nil.")
  (action nil :documentation "The function that mends it, or nil."))

;;;; The command

(defconst explog-doctor--buffer "*explog doctor*"
  "The buffer with what was found.")

;;;###autoload
(defun explog-doctor ()
  "Examine the setup of explog, and show what is right and what is wrong."
  (interactive)
  (require 'org nil t)               ; only then its options have their values
  (let ((buffer (get-buffer-create explog-doctor--buffer)))
    (with-current-buffer buffer
      (explog-doctor-mode)
      (explog-doctor--draw))
    (pop-to-buffer buffer)))

(defvar explog-doctor-mode-map
  (let ((map (make-sparse-keymap)))
    (set-keymap-parent map (make-composed-keymap button-buffer-map special-mode-map))
    (define-key map "n" #'explog-doctor-next-wrong)
    map)
  "Keys of the buffer of `explog-doctor'.")

(defconst explog-doctor--news
  '(explog-server-ready-hook explog-server-stopped-hook explog-settings-taken-hook
    explog-install-done-hook explog-mode-hook)
  "The hooks that tell of what changes the findings.")

(define-derived-mode explog-doctor-mode special-mode "Explog Doctor"
  "Major mode of the buffer of `explog-doctor'.
\\{explog-doctor-mode-map}"
  (explog-show-reordering)
  (setq-local revert-buffer-function #'explog-doctor--draw)
  (dolist (hook explog-doctor--news)
    (add-hook hook #'explog-doctor--renew))
  (add-hook 'kill-buffer-hook #'explog-doctor--end nil t))

(defvar explog-doctor--timer nil
  "The timer that looks again, or nil.")

(defun explog-doctor--renew ()
  "Examine everything again soon, if the findings are on the screen."
  (when explog-doctor--timer
    (cancel-timer explog-doctor--timer))
  (setq explog-doctor--timer
        (run-with-timer 0.2 nil #'explog-doctor--renew-now)))

(defun explog-doctor--renew-now ()
  "Examine everything again, if the findings are on the screen."
  (setq explog-doctor--timer nil)
  (when-let ((buffer (get-buffer explog-doctor--buffer)))
    (when (get-buffer-window buffer t)
      (explog-doctor--look-again buffer))))

(defun explog-doctor--end ()
  "Renew the findings no more."
  (dolist (hook explog-doctor--news)
    (remove-hook hook #'explog-doctor--renew)))

(defun explog-doctor-next-wrong ()
  "Go to the next button."
  (interactive)
  (forward-button 1 t t))

;;;; Drawing

(defvar-local explog-doctor--asked 0
  "The number of the last request to the server; older answers are ignored.")

(defun explog-doctor--draw (&rest _)
  "Examine everything, and show the findings in the current buffer."
  (let ((inhibit-read-only t))
    (erase-buffer)
    (insert (substitute-command-keys
             "\\<explog-doctor-mode-map>\
\\[revert-buffer] looks again, \\[explog-doctor-next-wrong] goes to what can be mended, \
RET mends it.\n"))
    (explog-doctor--section "Emacs" (explog-doctor--emacs))
    (explog-doctor--section "Options and keys" (explog-doctor--options))
    (explog-doctor--section "Server" (explog-doctor--server))
    (goto-char (point-min)))
  (explog-doctor--ask))

(defun explog-doctor--section (title findings)
  "Insert FINDINGS under TITLE at the end of the buffer."
  (goto-char (point-max))
  (insert "\n" (propertize title 'face 'bold) "\n")
  (mapc #'explog-doctor--insert findings))

(defun explog-doctor--insert (finding)
  "Insert FINDING at point."
  (let ((ok (explog-doctor-finding-ok finding)))
    (insert "  " (explog-doctor--sign ok) " "
            (replace-regexp-in-string
             "[[:cntrl:]]" " " (explog-doctor-finding-text finding)))
    (when-let ((label (explog-doctor-finding-label finding)))
      (let ((action (explog-doctor-finding-action finding)))
        (insert "  ")
        (insert-text-button (concat "[" label "]")
                            'follow-link t
                            'action (lambda (_) (explog-doctor--mend action)))))
    (insert "\n")
    (when-let ((hint (and (not (eq ok t)) (explog-doctor-finding-hint finding))))
      (insert "      " (propertize hint 'face 'shadow) "\n"))))

(defun explog-doctor--sign (ok)
  "Return the sign for what is OK, a value as in `explog-doctor-finding'."
  (pcase-let ((`(,sign ,word ,face)
               (pcase ok
                 ('off '(?– "-" explog-doctor-off))
                 ('nil '(?✗ "NOT" explog-doctor-wrong))
                 (_ '(?✓ "ok" explog-doctor-right)))))
    (propertize (if (char-displayable-p sign) (string sign) word) 'face face)))

(defun explog-doctor--mend (action)
  "Call ACTION, and examine everything again soon."
  (call-interactively action)
  (explog-doctor--renew))

(defun explog-doctor--look-again (buffer)
  "Examine everything again in BUFFER, and keep the line in each window."
  (with-current-buffer buffer
    (let ((lines (mapcar (lambda (window)
                           (cons window (line-number-at-pos (window-point window))))
                         (get-buffer-window-list buffer nil t))))
      (explog-doctor--draw)
      (pcase-dolist (`(,window . ,line) lines)
        (goto-char (point-min))
        (forward-line (1- line))
        (set-window-point window (point))))))

;;;; Findings of Emacs

(defun explog-doctor--emacs ()
  "Return findings on Emacs and its packages."
  (list (explog-doctor--finding
         :text (format "explog %s, Emacs %s, org %s" explog-version emacs-version
                       (progn (require 'org-version nil t)
                              (if (fboundp 'org-release) (org-release) "unknown"))))
        (explog-doctor--finding
         :ok (if (locate-library "magit") t 'off)
         :text (if (locate-library "magit")
                   "magit is there: commits are shown in it"
                 "magit is not there: commits are shown by vc"))
        (if explog-mode
            (explog-doctor--hooks)
          (explog-doctor--finding :ok nil :text "explog-mode is off"
                                  :hint "nothing is served, and no hash comes by itself"
                                  :label "Turn it on" :action #'explog-mode))))

(defun explog-doctor--hooks ()
  "Return a finding on the hooks and advice of `explog-mode'."
  (let ((lost (append
               (seq-remove (lambda (pair) (advice-member-p (cdr pair) (car pair)))
                           explog-advice)
               (seq-remove (lambda (hook)
                             (memq 'explog-commit-ring-for-log (default-value hook)))
                           '(after-save-hook after-revert-hook)))))
    (if (null lost)
        (explog-doctor--finding :text "explog-mode is on, and rung by saves and commits")
      (explog-doctor--finding
       :ok nil
       :text (format "explog-mode is on, but something took it out of %s"
                     (mapconcat (lambda (it) (symbol-name (if (consp it) (car it) it)))
                                lost ", "))
       :label "Turn it on anew"
       :action (lambda () (interactive) (explog-mode -1) (explog-mode 1))))))

(defun explog-doctor--options ()
  "Return findings on the options and on keys."
  (append
   (progn
     (custom-load-symbol 'explog)       ; also the options of what is not loaded yet
     (mapcar (pcase-lambda (`(,option . ,sentence))
               (explog-doctor--of-option option sentence))
             (explog-settings-check)))
   (mapcar #'explog-doctor--named '(explog-logs explog-repositories))
   (when (seq-some #'file-remote-p (seq-filter #'stringp (ensure-list explog-logs)))
     (list (explog-doctor--of-option
            'explog-logs "logs on other machines are not looked at")))
   (explog-doctor--keys)))

(defun explog-doctor--named (option)
  "Return a finding on what OPTION names, as far as Emacs can tell."
  (let ((value (default-value option)))
    (cond ((null value)
           (explog-doctor--of-option option (format "`%s' names nothing" option)))
          ((seq-some #'explog-doctor--there-p (ensure-list value))
           (explog-doctor--finding :text (format-message "`%s' is set" option)))
          (t (explog-doctor--of-option
              option (format "`%s' names nothing that is there" option))))))

(defun explog-doctor--there-p (entry)
  "Return non-nil if ENTRY, of `explog-logs' or `explog-repositories', is there."
  (let ((name (if (consp entry) (car entry) entry))
        (default-directory (expand-file-name "~/")))
    (and (explog-local-p name)
         (or (file-exists-p name) (file-expand-wildcards name))
         t)))

(defun explog-doctor--of-option (option text)
  "Return a finding that OPTION is wrong, with the message TEXT."
  (explog-doctor--finding :ok nil :text (format-message "%s" text)
                          :label "Customize"
                          :action (lambda () (interactive) (customize-option option))))

(defun explog-doctor--keys ()
  "Return findings on keys that the user's own commands use."
  (delq nil
        (list
         (and explog-capture-key (bound-and-true-p org-capture-templates)
              (explog-capture-taken-p explog-capture-key org-capture-templates)
              (explog-doctor--of-option
               'explog-capture-key
               (format "the capture key %s is taken by a template of yours"
                       explog-capture-key)))
         (and explog-agenda-prefix (bound-and-true-p org-agenda-custom-commands)
              (explog-agenda-prefix-taken-p explog-agenda-prefix org-agenda-custom-commands)
              (explog-doctor--of-option
               'explog-agenda-prefix
               (format "the agenda key %s is taken by a command of yours"
                       explog-agenda-prefix))))))

(defun explog-doctor--server ()
  "Return findings on the server program and its process."
  (let ((command (condition-case err (explog-server-find-command)
                   (error err))))
    (if (not (stringp (car command)))
        (list (explog-doctor--finding
               :ok nil :text (error-message-string command)
               :label "Install the server" :action #'explog-install-server))
      (cons (explog-doctor--finding
             :text (format "the program is %s" (abbreviate-file-name (car command))))
            (explog-doctor--process)))))

(defun explog-doctor--process ()
  "Return findings on the process of the server."
  (let ((greeting (explog-server-greeting))
        (problem (explog-server-last-problem)))
    (cond
     (greeting
      (list (explog-doctor--finding
             :text (format "it is ready: process %s, Python %s"
                           (plist-get greeting :pid) (plist-get greeting :python)))
            (explog-doctor--version (plist-get greeting :server))))
     (problem
      (list (explog-doctor--finding
             :ok nil :text problem
             :hint (format "the buffer %s may have more" explog-server-stderr)
             :label "Start it again" :action #'explog-restart)))
     (explog-server-current
      (list (explog-doctor--finding :ok 'off :text "it is starting")))
     (explog-mode
      (list (explog-doctor--finding
             :ok nil :text "it does not run"
             :label "Start it" :action #'explog-restart)))
     (t (list (explog-doctor--finding
               :ok 'off :text "it does not run" :hint "explog-mode starts it"))))))

(defun explog-doctor--version (version)
  "Return a finding on the VERSION of the server."
  (cond
   ((not (equal version explog-version))
    (explog-doctor--finding
     :ok nil
     :text (format "it is version %s, and this package version %s" version explog-version)
     :label "Install the server" :action #'explog-install-server))
   ((not (explog-server-other-build-p))
    (explog-doctor--finding :text (format "it is version %s, as this package" version)))
   ((explog-server-runs-source-p)
    (explog-doctor--finding
     :ok nil
     :text (format "it is another build of version %s: its source changed since it started"
                   version)
     :label "Restart it" :action #'explog-restart))
   (t (explog-doctor--finding
       :ok nil
       :text (format "it is another build of version %s than this package" version)
       :label "Install the server" :action #'explog-install-server))))

;;;; Findings of the server

(defun explog-doctor--ask ()
  "Ask the server for its findings, and show them when they arrive."
  (let ((number (cl-incf explog-doctor--asked)))
    (if explog-server-current      ; or else a call would start one
        (explog-settings-call
         "doctor" nil :timeout 60
         :success (apply-partially #'explog-doctor--answered (current-buffer) number)
         :error (apply-partially #'explog-doctor--refused (current-buffer) number))
      (explog-doctor--show (current-buffer) number
                           (list (explog-doctor--finding
                                  :ok 'off
                                  :text "not looked at, because the server does not run"))))))

(defun explog-doctor--answered (buffer number rows)
  "Show ROWS, the answer to request NUMBER, in BUFFER."
  (explog-doctor--show buffer number
                       (mapcar #'explog-doctor--of-row
                               (seq-remove
                                (lambda (row) ; Emacs examined the program already
                                  (equal "explog" (explog-doctor-row-name row)))
                                rows))))

(defun explog-doctor--refused (buffer number problem)
  "Show PROBLEM, the error of request NUMBER, in BUFFER."
  (explog-doctor--show buffer number
                       (list (explog-doctor--finding
                              :ok nil :text (plist-get problem :message)))))

(defun explog-doctor--show (buffer number findings)
  "Insert FINDINGS of request NUMBER in BUFFER."
  (when (and (buffer-live-p buffer)
             (= number (buffer-local-value 'explog-doctor--asked buffer)))
    (with-current-buffer buffer
      (let ((inhibit-read-only t))
        (save-excursion
          (explog-doctor--section "Logs and repositories" findings))))))

(cl-defstruct (explog-doctor-row (:type vector) (:constructor nil) (:copier nil))
  "One thing that the server examined; HINT says what to do if it is not OK."
  name ok message hint)

(defconst explog-doctor--mends
  '(("log" "Customize" . explog-logs)
    ("logs" "Customize" . explog-logs)
    ("repository" "Customize" . explog-repositories)
    ("repositories" "Customize" . explog-repositories))
  "Alist of names that the server gives, and the label and option that mend it.")

(defun explog-doctor--of-row (row)
  "Return the finding for ROW, an `explog-doctor-row'."
  (let* ((name (explog-doctor-row-name row))
         (ok (explog-doctor-row-ok row))
         (message (explog-doctor-row-message row))
         (hint (explog-doctor-row-hint row))
         (mend (unless ok (cdr (assoc name explog-doctor--mends)))))
    (cond ((and (not ok) (string-prefix-p "git config " hint))
           (explog-doctor--finding
            :ok nil :text message :hint hint :label "Copy the command"
            :action (lambda () (interactive) (kill-new hint) (message "Copied: %s" hint))))
          (mend
           (explog-doctor--finding
            :ok nil :text message :hint hint :label (car mend)
            :action (lambda () (interactive) (customize-option (cdr mend)))))
          (t (explog-doctor--finding
              :ok ok :hint hint
              :text (if (member name '("git" "sqlite" "log" "keywords" "repository" "watches"))
                        message
                      (format "%s: %s" name message)))))))

;; With evil and meow as well.
(explog-keep-keys 'explog-doctor-mode explog-doctor-mode-map)

(provide 'explog-doctor)
;;; explog-doctor.el ends here
