;;; explog-capture.el --- Capture a new experiment  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; `explog-capture' asks for an id, a title, tags and a description,
;; inserts a new entry, and leaves point at its first step.  It works
;; without the server.  With `explog-mode' on, `org-capture' offers it too.
;;
;; The entry is built here and not by a template string.  In a template, an
;; answer with a percent sign would be expanded, and an answer with a line
;; break could become a heading.
;;
;; The template of `explog-mode' is not added to `org-capture-templates':
;; it would be lost when the user sets that variable, and saved when the
;; user customizes it.  Instead, `org-capture' is advised.

;;; Code:

(require 'explog-base)
(require 'explog-heading)
(require 'explog-log)
(require 'seq)
(require 'subr-x)

(declare-function explog-server-try "explog-server" (method args))
(declare-function org-capture "org-capture" (&optional goto keys))
(declare-function org-capture-get "org-capture" (property &optional local))
(declare-function org-capture-put "org-capture" (&rest elements))
(defvar org-capture-current-plist)
(defvar org-capture-entry)
(defvar org-capture-mode)
(defvar org-capture-mode-hook)
(defvar org-capture-templates)
(defvar org-note-abort)

(defcustom explog-capture-tags '("@work" "exp")
  "The tags of a new experiment, to which those are added that you answer."
  :type '(repeat string)
  :group 'explog)

(defcustom explog-capture-todo "TODO"
  "The TODO keyword of a new experiment."
  :type 'string
  :safe #'stringp
  :group 'explog)

(defcustom explog-capture-log nil
  "The log that new experiments go to.
If nil, ask when `explog-logs' has more than one."
  :type '(choice file (const :tag "Ask" nil))
  :risky t
  :group 'explog)

(defcustom explog-capture-id-property "ID"
  "The property that holds the id of a new experiment.
\"CUSTOM_ID\" keeps org-roam from taking the experiment for a node: it
does so with every entry that has an \"ID\"."
  :type '(choice (const "ID") (const "CUSTOM_ID"))
  :group 'explog)

;;;; The entry

(defun explog-capture-entry (id title tags description)
  "Return the text of a new entry.
ID, TITLE and DESCRIPTION are strings, TAGS a list of them."
  (let ((tags (delete-dups (mapcar #'explog-capture--tag
                                   (append explog-capture-tags tags)))))
    (concat "* " explog-capture-todo " [" id "] "
            (explog-one-line (concat (explog-one-line title) " [%]"))
            (if tags (format "   :%s:" (string-join tags ":")) "")
            (format "\n:PROPERTIES:\n%-10s %s\n:END:\n"
                    (if (equal "CUSTOM_ID" explog-capture-id-property) ":CUSTOM_ID:" ":ID:") id)
            (format-time-string "[%Y-%m-%d %a %H:%M]")
            "\n\n- " (explog-one-line description)
            "\n\n** Notes\n\n"
            "** TODO " explog-steps-heading " [/]\n1. [ ] \n\n"
            "** TODO Conclusions\n")))

(defun explog-capture--tag (tag)
  "Return TAG in the form of an Org tag: other characters become underscores."
  (replace-regexp-in-string "[^[:alnum:]_@#%]" "_" tag))

;;;; Questions

(defun explog-capture-next-id ()
  "Return an id for a new experiment: one above the highest number ever used.
The server, if it runs, knows also of archives elsewhere and of commits
that speak of an experiment which no log has any more."
  (let ((highest 0)
        (known (and (featurep 'explog-server)
                    (explog-server-try "next-id" nil))))
    (pcase-dolist (`(,id . ,_) (explog-log-ids))
      (when (string-match-p "\\`[0-9]\\{1,9\\}\\'" id)
        (setq highest (max highest (string-to-number id)))))
    (number-to-string (max (1+ highest) (if (natnump known) known 0)))))

(defun explog-capture--read-id ()
  "Ask for an id until the answer is valid and not in use."
  (let* ((next (explog-capture-next-id))
         (answer (explog-capture--read-line (format-prompt "Id" next) next))
         problem)
    (while (setq problem (explog-capture--id-problem answer))
      (setq answer (explog-capture--read-line
                    (concat problem ".  " (format-prompt "Id" next)) next)))
    answer))

(defun explog-capture--id-problem (id)
  "Return the reason why ID is not valid for a new experiment, or nil."
  (let ((used (assoc id (explog-log-ids))))
    (cond (used
           (format "%s is in use in %s: %s" id
                   (file-name-nondirectory (nth 1 used))
                   (explog-heading-title (nth 2 used))))
          ((not (string-match-p "\\`[0-9]" id))
           (format "%S does not begin with a digit" id))
          ((not (explog-heading-id-p id))
           (format "%S has more than letters, digits, - and _, or is too long" id)))))

(defun explog-capture--read-line (prompt &optional default)
  "Ask with PROMPT for a string, and return it trimmed.
An empty answer means DEFAULT."
  (string-trim (read-string prompt nil nil default)))

(defun explog-capture--read ()
  "Ask for the parts of an entry; return the arguments of `explog-capture-entry'."
  (list (explog-capture--read-id)
        (explog-capture--read-line "Experiment: ")
        (split-string (explog-capture--read-line
                       "Tags (with colons or blanks between): ")
                      "[: ,\t\n\r]+" t)
        (explog-capture--read-line "Description: ")))

(defun explog-capture--read-log ()
  "Return the log for a new experiment; ask if there is a choice."
  (let ((files (explog-log-files)))
    (cond (explog-capture-log (expand-file-name explog-capture-log "~/"))
          ((null files)
           (user-error "No log to capture to; customize `explog-logs'"))
          ((null (cdr files)) (car files))
          (t (let ((names (mapcar #'abbreviate-file-name files)))
               (expand-file-name
                (completing-read (format-prompt "Log" (car names))
                                 names nil t nil nil (car names))))))))

(defun explog-capture--check-log (file)
  "Signal an error if nothing can be captured to FILE.
This is checked before the user answers any question."
  (let ((buffer (find-buffer-visiting file)))
    (cond ((not (file-directory-p (file-name-directory file)))
           (user-error "There is no folder %s" (file-name-directory file)))
          ((file-directory-p file)
           (user-error "%s is a folder" file))
          ((explog-log-protected-p file)
           (user-error "%s is read-only" file))
          ((and buffer (buffer-local-value 'buffer-read-only buffer))
           (user-error "The buffer %s is read-only" (buffer-name buffer))))))

;;;; Capture

(defun explog-capture--template ()
  "Ask the questions, and return a placeholder for Org to insert.
`explog-capture--fill' replaces it by the entry."
  (let ((file (explog-capture--read-log)))
    (explog-capture--check-log file)
    (let ((answers (explog-capture--read)))
      (org-capture-put :explog-answers answers
                       :explog-file file
                       :explog-before (explog-capture--remember file))
      "* explog")))

(defun explog-capture--target ()
  "Return the log for the new experiment."
  (or (org-capture-get :explog-file) (explog-capture--read-log)))

(defun explog-capture--fill ()
  "Replace the placeholder that Org has inserted by the entry."
  (when-let ((answers (org-capture-get :explog-answers)))
    (org-capture-put :explog-answers nil)
    (setq org-capture-current-plist
          (plist-put org-capture-current-plist :explog-answers nil))
    (delete-region (point-min) (point-max))
    (insert (apply #'explog-capture-entry answers))
    (explog-log-note-captured (car answers))
    (explog-capture--trim (point-min))
    (goto-char (point-min))
    (re-search-forward "^1\\. \\[ \\] $")
    ;; Org 9.5 shows a message with the placeholder that it pasted.
    (when (string-prefix-p "Clipboard pasted" (or (current-message) ""))
      (message nil))
    (add-hook 'org-capture-prepare-finalize-hook #'explog-capture--undo nil t)))

(defun explog-capture--trim (start)
  "Delete the blank lines before START if they begin the buffer."
  (save-excursion
    (save-restriction
      (widen)
      (goto-char start)
      (skip-chars-backward " \t\n\r")
      (when (bobp)
        (delete-region (point) start)))))

(defun explog-capture--entry (key)
  "Return the element of `org-capture-templates' for KEY."
  (list key "Experiment" 'entry '(file explog-capture--target)
        '(function explog-capture--template)
        :empty-lines-before 1))

(defun explog-capture--with-fill (function &rest args)
  "Call FUNCTION with ARGS, with `explog-capture--fill' on Org's hook."
  (let ((org-capture-mode-hook
         (cons #'explog-capture--fill (if (functionp org-capture-mode-hook)
                                          (list org-capture-mode-hook)
                                        org-capture-mode-hook))))
    (apply function args)))

;;;###autoload
(defun explog-capture ()
  "Capture a new experiment to a log."
  (interactive)
  (require 'org-capture)
  (let ((org-capture-entry (explog-capture--entry "e")))
    (explog-capture--with-fill #'org-capture)))

;;;; Abort

;; `org-capture-kill' deletes blank lines at the end of the log, may leave
;; the beginning of the entry (Org 9.5), and saves the log.

(defun explog-capture--remember (file)
  "Return the end of FILE and the state of its buffer, in case of an abort.
The value is a plist (:new :modified :hash :tail)."
  (let ((new (not (or (find-buffer-visiting file) (file-exists-p file)))))
    (with-current-buffer (find-file-noselect file)
      (save-excursion
        (save-restriction
          (widen)
          (goto-char (point-max))
          (skip-chars-backward " \t\n\r")
          (list :new new
                :modified (buffer-modified-p)
                :hash (buffer-hash)
                :tail (buffer-substring (point) (point-max))))))))

(defun explog-capture--undo ()
  "If the capture is aborted, make the log what it was before."
  (when org-note-abort
    (let* ((plist org-capture-current-plist)
           (before (plist-get plist :explog-before))
           (start (point-min))
           (next (explog-capture--next start)))
      ;; Leave nothing for Org to delete or to put into the kill ring.
      (setq-local filter-buffer-substring-function #'ignore)
      (save-restriction
        (widen)
        (if next
            (delete-region start next)
          (explog-capture--delete start (plist-get plist :end-marker)
                                  (plist-get before :tail)))
        (set-marker (plist-get plist :begin-marker) start)
        (set-marker (plist-get plist :end-marker) start))
      (setq org-capture-current-plist (plist-put plist :no-save t))
      (with-current-buffer (buffer-base-buffer)
        (explog-capture--restore-state before)))))

(defun explog-capture--next (start)
  "Return the beginning of the next open capture after START, or nil.
To Org, that is part of the capture at START."
  (let ((base (buffer-base-buffer)) next)
    (dolist (buffer (buffer-list) next)
      (with-current-buffer buffer
        (when (and (eq base (buffer-base-buffer))
                   (bound-and-true-p org-capture-mode)
                   (< start (point-min) (or next (1+ (point-min)))))
          (setq next (point-min)))))))

(defun explog-capture--delete (start end tail)
  "Delete the entry from START to END with the blanks before it; insert TAIL."
  (goto-char start)
  (skip-chars-backward " \t\n\r")
  (delete-region (point) end)
  (insert tail))

(defun explog-capture--restore-state (before)
  "Mark the buffer as unmodified if it was so before the capture.
BEFORE is as of `explog-capture--remember'.  Do nothing if something else
has changed the buffer since."
  (when (and (not (plist-get before :modified))
             (equal (plist-get before :hash) (buffer-hash)))
    (restore-buffer-modified-p nil)
    (when (plist-get before :new)
      (let ((buffer (current-buffer)))
        (run-with-timer 0 nil #'explog-capture--forget buffer)))))

(defun explog-capture--forget (buffer)
  "Kill BUFFER, which visits a log that only the aborted capture would create."
  (when (and (buffer-live-p buffer)
             (not (buffer-modified-p buffer))
             (zerop (buffer-size buffer)))
    (kill-buffer buffer)))

;;;; The template of `explog-mode'

(defconst explog-capture--org-default
  '(("t" "Task" entry (file+headline "" "Tasks") "* TODO %?\n  %u\n  %a"))
  "What `org-capture' offers those who have set no template.")

(defun explog-capture-around (function &rest args)
  "Call FUNCTION, `org-capture', with ARGS and one more template.
This is the advice of `explog-mode'."
  (require 'org-capture)
  (let ((org-capture-templates (explog-or-else org-capture-templates
                                 (explog-capture--templates))))
    (apply #'explog-capture--with-fill function args)))

(defun explog-capture--templates ()
  "Return `org-capture-templates' with our template, unless its key is taken."
  (let* ((users (or org-capture-templates explog-capture--org-default))
         (key explog-capture-key)
         (ours (and key (explog-capture--entry key))))
    (cond ((or (member key '(nil "")) (member ours users)) org-capture-templates)
          ((explog-capture-taken-p key users)
           (explog-say-once "the capture key %s is taken; see `explog-capture-key'"
                             key)
           org-capture-templates)
          (t (append users (explog-capture--prefixes key users) (list ours))))))

(defun explog-capture-taken-p (key templates)
  "Return non-nil if KEY conflicts with the key of one of TEMPLATES."
  (seq-some (lambda (template)
              (let ((other (car template)))
                (or (string-prefix-p key other)
                    (and (string-prefix-p other key) (nth 2 template)))))
            templates))

(defun explog-capture--prefixes (key templates)
  "Return menu entries for the prefixes of KEY that TEMPLATES do not define."
  (seq-remove (lambda (prefix) (assoc (car prefix) templates))
              (mapcar (lambda (length) (list (substring key 0 length) "Experiments"))
                      (number-sequence 1 (1- (length key))))))

(provide 'explog-capture)
;;; explog-capture.el ends here
