;;; explog-capture.el --- Capture a new experiment  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; `explog-capture' asks for an id, a title, tags and a description, and
;; leaves point behind the first step of the new entry.  It works without
;; the server.  With `explog-mode', `org-capture' offers the same.
;;
;; The entry is put together here rather than by a template string:
;; there, an answer with a percent sign would be expanded, and one with a
;; line break could make a heading of its own.
;;
;; The template of `explog-mode' is not put into `org-capture-templates',
;; where it would be lost when the user sets that, and saved when the
;; user customizes it.  `org-capture' is advised to see it there.

;;; Code:

(require 'explog-base)
(require 'explog-heading)
(require 'explog-log)
(require 'seq)
(require 'subr-x)

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

;;;; The entry

(defun explog-capture-entry (id title tags description)
  "Return the text of a new entry.
ID, TITLE and DESCRIPTION are strings, TAGS a list of them."
  (let ((tags (delete-dups (mapcar #'explog-capture--tag
                                   (append explog-capture-tags tags)))))
    (concat "* " explog-capture-todo " [" id "] "
            (explog-capture--line (concat (explog-capture--line title) " [%]"))
            (if tags (format "   :%s:" (string-join tags ":")) "")
            "\n:PROPERTIES:\n:ID:       " id "\n:END:\n"
            (format-time-string "[%Y-%m-%d %a %H:%M]")
            "\n\n- " (explog-capture--line description)
            "\n\n** Notes\n\n"
            "** TODO " explog-steps-heading " [/]\n1. [ ] \n\n"
            "** TODO Conclusions\n")))

(defun explog-capture--line (text)
  "Return TEXT as one line."
  (string-trim (replace-regexp-in-string "[ \t]*[\n\r][ \t\n\r]*" " " text)))

(defun explog-capture--tag (tag)
  "Return TAG as org can read it, other characters being underscores."
  (replace-regexp-in-string "[^[:alnum:]_@#%]" "_" tag))

;;;; Questions

(defun explog-capture-next-id ()
  "Return the next free id: one above the highest number in use."
  (let ((highest 0))
    (pcase-dolist (`(,id . ,_) (explog-log-ids))
      (when (string-match-p "\\`[0-9]\\{1,9\\}\\'" id)
        (setq highest (max highest (string-to-number id)))))
    (number-to-string (1+ highest))))

(defun explog-capture--read-id ()
  "Ask for an id until it is one, and not in use."
  (let* ((next (explog-capture-next-id))
         (answer (explog-capture--read-line (format-prompt "Id" next) next))
         problem)
    (while (setq problem (explog-capture--id-problem answer))
      (setq answer (explog-capture--read-line
                    (concat problem ".  " (format-prompt "Id" next)) next)))
    answer))

(defun explog-capture--id-problem (id)
  "Return why ID cannot be that of a new experiment, or nil."
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
  "Ask for all that an entry needs; return arguments of `explog-capture-entry'."
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
Better before all the questions than after them."
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
  "Ask the questions, and return a placeholder that org puts into the log.
`explog-capture--fill' then writes the entry in its place."
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
  "Write the entry where org has put the placeholder."
  (when-let ((answers (org-capture-get :explog-answers)))
    (org-capture-put :explog-answers nil)
    (setq org-capture-current-plist
          (plist-put org-capture-current-plist :explog-answers nil))
    (delete-region (point-min) (point-max))
    (insert (apply #'explog-capture-entry answers))
    (explog-capture--trim (point-min))
    (goto-char (point-min))
    (re-search-forward "^1\\. \\[ \\] $")
    ;; Org 9.5 says what it has pasted, which is the placeholder.
    (when (string-prefix-p "Clipboard pasted" (or (current-message) ""))
      (message nil))
    (add-hook 'org-capture-prepare-finalize-hook #'explog-capture--undo nil t)))

(defun explog-capture--trim (start)
  "Delete the blank lines before START if nothing else is there."
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
  "Call FUNCTION with ARGS, and let `explog-capture--fill' do its part."
  (let ((org-capture-mode-hook
         (cons #'explog-capture--fill (if (functionp org-capture-mode-hook)
                                          (list org-capture-mode-hook)
                                        org-capture-mode-hook))))
    (apply function args)))

;;;###autoload
(defun explog-capture ()
  "Write a new experiment into a log."
  (interactive)
  (require 'org-capture)
  (let ((org-capture-entry (explog-capture--entry "e")))
    (explog-capture--with-fill #'org-capture)))

;;;; Abort

;; `org-capture-kill' takes away blank lines at the end of the log, may
;; leave the beginning of the entry there (org 9.5), and saves the log.

(defun explog-capture--remember (file)
  "Return how FILE ends and whether its buffer is saved, for an abort.
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
  "Make the log what it was before the capture, if that is aborted."
  (when org-note-abort
    (let* ((plist org-capture-current-plist)
           (before (plist-get plist :explog-before))
           (start (point-min))
           (next (explog-capture--next start)))
      ;; Leave org nothing to delete, and to put into the kill ring.
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
  "Return where the next capture behind START that is open begins, or nil.
For org it is part of the one at START."
  (let ((base (buffer-base-buffer)) next)
    (dolist (buffer (buffer-list) next)
      (with-current-buffer buffer
        (when (and (eq base (buffer-base-buffer))
                   (bound-and-true-p org-capture-mode)
                   (< start (point-min) (or next (1+ (point-min)))))
          (setq next (point-min)))))))

(defun explog-capture--delete (start end tail)
  "Delete the entry from START to END, and the blanks before it.
TAIL is what was there instead."
  (goto-char start)
  (skip-chars-backward " \t\n\r")
  (delete-region (point) end)
  (insert tail))

(defun explog-capture--restore-state (before)
  "Mark the buffer as saved if it was when the capture began; see BEFORE.
That holds if nothing else has changed it since."
  (when (and (not (plist-get before :modified))
             (equal (plist-get before :hash) (buffer-hash)))
    (restore-buffer-modified-p nil)
    (when (plist-get before :new)
      (let ((buffer (current-buffer)))
        (run-with-timer 0 nil #'explog-capture--forget buffer)))))

(defun explog-capture--forget (buffer)
  "Kill BUFFER, which visits a log that an aborted capture would have made."
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
  "Return `org-capture-templates' with ours, unless its key is taken."
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
  "Return non-nil if KEY is that of one of TEMPLATES, or in the way of one."
  (seq-some (lambda (template)
              (let ((other (car template)))
                (or (string-prefix-p key other)
                    (and (string-prefix-p other key) (nth 2 template)))))
            templates))

(defun explog-capture--prefixes (key templates)
  "Return elements for the prefixes of KEY that TEMPLATES do not describe."
  (seq-remove (lambda (prefix) (assoc (car prefix) templates))
              (mapcar (lambda (length) (list (substring key 0 length) "Experiments"))
                      (number-sequence 1 (1- (length key))))))

(provide 'explog-capture)
;;; explog-capture.el ends here
